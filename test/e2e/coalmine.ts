import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { RunningServer, ServerOptions } from '@coalmine/server'
import { collecting } from '../../packages/cli/test/collecting.ts'

export const bin: string = fileURLToPath(new URL('../../packages/cli/bin/coalmine.js', import.meta.url))

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command line as a user does, in a folder of its own, without the caller's COALMINE_ settings. */
export async function coalmine(
  cwd: string,
  args: readonly string[],
  input = '',
  settings: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const child = start(cwd, args, settings)
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin!.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/**
 * Does the same without a process of its own, which takes longer to start than most commands to answer: the built command
 * line, as `bin` calls it. What is about processes (signals, pipes, who has a directory) is tested with them.
 */
export async function coalmineHere(
  cwd: string,
  args: readonly string[],
  input = '',
  settings: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const [stdout, stderr] = [collecting(), collecting()]
  const [before, env] = [process.cwd(), { ...process.env }]
  process.chdir(cwd)
  for (const name of Object.keys(env)) if (name.startsWith('COALMINE_')) delete process.env[name]
  Object.assign(process.env, settings)
  try {
    const code = await main(args, {
      stdin: Readable.from([input]),
      stdout: stdout.stream,
      stderr: stderr.stream,
      env: process.env,
      colors: false,
      stop: new AbortController().signal,
    })
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    process.chdir(before)
    for (const name of Object.keys(settings)) delete process.env[name]
    Object.assign(process.env, env)
  }
}

// Loaded by Node itself, as a process would, and not through the test runner, which would transform every file.
const require = createRequire(import.meta.url)
const { main } = require('../../packages/cli/dist/run.js') as typeof import('../../packages/cli/src/run.ts')

/**
 * Opens a store in a folder for the commands that `coalmineHere` runs, until it is closed: they find its server, and go
 * through it, where each would have to open the store anew.
 */
export async function storeHere(
  cwd: string,
  store = '.coalmine',
  options: Partial<ServerOptions> = {},
): Promise<RunningServer> {
  const { startServer } = require('../../packages/server/dist/index.js') as typeof import('@coalmine/server')
  // As old as the spans of files may be that are judged.
  return startServer({ store: join(cwd, store), port: 0, watermarkMs: 1_000, retentionDays: 3_650, ...options })
}

/** Starts `coalmine serve` and waits until it listens. */
export async function serve(
  cwd: string,
  args: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<{
  readonly url: string
  readonly line: string
  readonly process: ChildProcess
  stop(): Promise<number | null>
}> {
  const child = start(cwd, ['serve', '--port', '0', '--watermark', '1s', ...args], settings)
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const line = await Promise.race([
    once(createInterface(child.stdout!), 'line').then(([text]) => String(text)),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`serve ended with code ${code}: ${stderr}`))),
  ])
  return {
    url: / on (https?:\/\/[^\s/]+)/.exec(line)![1]!,
    line,
    process: child,
    async stop() {
      if (child.exitCode !== null) return child.exitCode
      child.kill('SIGTERM')
      const [code] = (await once(child, 'exit')) as [number | null]
      return code
    },
  }
}

/** Starts a command and leaves it running. */
export function start(
  cwd: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): ChildProcess {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('COALMINE_')))
  const own = { NO_COLOR: '1' }
  return spawn(process.execPath, [bin, ...args], { cwd, env: { ...env, ...own, ...settings } })
}
