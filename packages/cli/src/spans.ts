import { open, stat } from 'node:fs/promises'
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

/** Sends one file of spans, or standard input for `-`, through the server's door. */
export async function importFile(server: Server, file: string, io: Io): Promise<ImportAnswer> {
  const stream = await read(file, io)
  try {
    return await ask(server, '/api/import', isImportAnswer, { stream, signal: io.stop })
  } catch (error) {
    if (stream.errored) throw cannotRead(file, stream.errored)
    throw error
  }
}

/** Names each line that did not go in. */
export function reportRefused(file: string, { refused, refusedCount }: ImportAnswer, io: Io): void {
  for (const { line, why } of refused) io.stderr.write(`coalmine: ${file}:${line}: ${why}\n`)
  const more = refusedCount - refused.length
  if (more > 0) io.stderr.write(`coalmine: ${file}: and ${lines(more, 'more ')}\n`)
}

/** `1 line`, `2 lines`. */
export function lines(count: number, which = ''): string {
  return `${count} ${which}${count === 1 ? 'line' : 'lines'}`
}

async function read(file: string, io: Io): Promise<Readable> {
  if (file === '-') return io.stdin
  const fail = (error: Error): never => {
    throw cannotRead(file, error)
  }
  // Before it is opened, which would wait for the writer of a pipe.
  const found = await stat(file).catch(fail)
  if (!found.isFile()) throw unusable(file, 'it is not a file')
  return (await open(file).catch(fail)).createReadStream()
}

function cannotRead(file: string, error: NodeJS.ErrnoException): CommandError {
  if (error.code === 'ENOENT') return unusable(file, 'there is no such file')
  return unusable(file, `it cannot be read (${error.code ?? error.message})`)
}

function unusable(file: string, why: string): CommandError {
  return new CommandError('usage', `${file}: ${why}; name files of spans, or - for standard input`)
}

function isImportAnswer(answer: object): answer is ImportAnswer {
  return 'spans' in answer && 'refusedCount' in answer && 'refused' in answer && Array.isArray(answer.refused)
}
