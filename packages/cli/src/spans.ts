import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { ask, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'
import type { Io } from './io.ts'

/** What an import answered. `refused` holds the first lines that did not go in, `refusedCount` counts them all. */
export interface ImportAnswer {
  readonly spans: number
  readonly requests: number
  readonly late: number
  readonly refused: readonly { readonly line: number; readonly why: string }[]
  readonly refusedCount: number
}

/** Sends one file of OTLP JSON, or standard input for `-`, through the server's door. */
export async function importFile(server: Server, file: string, io: Io): Promise<ImportAnswer> {
  return (await ask(server, '/api/import', { stream: await open(file, io), signal: io.stop })) as ImportAnswer
}

/** Names each line that did not go in. */
export function reportRefused(file: string, { refused, refusedCount }: ImportAnswer, io: Io): void {
  for (const { line, why } of refused) io.stderr.write(`coalmine: ${file}:${line}: ${why}\n`)
  const more = refusedCount - refused.length
  if (more > 0) io.stderr.write(`coalmine: ${file}: and ${more} more lines\n`)
}

async function open(file: string, io: Io): Promise<Readable> {
  if (file === '-') return io.stdin
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) {
    throw new CommandError(
      'usage',
      `${file}: ${found ? 'it is not a file' : 'there is no such file'}; name OTLP JSON files, or - for standard input`,
    )
  }
  return createReadStream(file)
}
