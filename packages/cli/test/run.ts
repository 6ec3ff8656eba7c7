import { Readable } from 'node:stream'
import { main } from '../src/run.ts'
import { collecting } from './collecting.ts'

export interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line in this process. */
export async function runHere(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const [stdout, stderr] = [collecting(), collecting()]
  const io = {
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    colors: false,
    stop: new AbortController().signal,
  }
  const code = await main(argv, io)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}
