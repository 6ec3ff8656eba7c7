import { type FileHandle, open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { ask, type Server } from './client.ts'
import { CommandError } from './exit-codes.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type Io, tell } from './io.ts'
import { progressTo } from './progress.ts'

/** The result of an import. `refused` holds the first refused lines, `refusedCount` counts all of them. */
export interface ImportAnswer {
  readonly spans: number
  /** How many of the spans an earlier import of the same file had already stored. */
  readonly before: number
  /** Number of flag evaluation events. */
  readonly evaluations: number
  readonly late: number
  readonly refused: readonly { readonly line: number; readonly why: string }[]
  readonly refusedCount: number
  readonly notes: readonly string[]
  /** Whether the file was already imported in full, and nothing was sent. */
  readonly finished?: boolean
}

/** How a file is imported. */
export interface ImportOptions {
  /** The mapping of columns in a table of spans. */
  readonly columns?: readonly string[]
  /** Imports again what was already stored. */
  readonly again?: boolean
}

// Fewer, larger chunks cost less for the same number of bytes.
const chunkBytes = 1_000_000

/**
 * Sends one file of spans, or standard input for `-`, to the server. A file that was already imported is not sent, and an
 * interrupted import resumes where it stopped.
 */
export async function importFile(
  server: Server,
  file: string,
  io: Io,
  { columns = [], again = false }: ImportOptions = {},
  lookEveryMs = 1_000,
): Promise<ImportAnswer> {
  const query = new URLSearchParams(columns.map((one): [string, string] => ['columns', one]))
  if (file === '-') return send(server, query, io.stdin, file, io)
  const handle = await opened(file)
  try {
    const { id, bytes, packed } = await fingerprintOf(handle, columns.join(',')).catch((error: Error) => {
      throw cannotRead(file, error)
    })
    query.set('file', id)
    const state = await ask(server, `/api/import?file=${id}`, isImportState, { signal: io.stop }).catch(
      (error: unknown) => {
        throw naming(file, error)
      },
    )
    if (state.finished && !again) return state
    // For compressed files the server counts unpacked bytes, and skips them itself.
    const start = again || packed || state.finished ? 0 : state.bytes
    if (again) query.set('again', '')
    if (start > 0) query.set('offset', String(start))
    const stream = handle.createReadStream({ start, autoClose: false, highWaterMark: chunkBytes })
    const stop = showProgress(server, { file, id, bytes, start, stream }, io, lookEveryMs)
    try {
      return await send(server, query, stream, file, io)
    } finally {
      stop()
    }
  } finally {
    await handle.close()
  }
}

/** Prints each refused line, and any notes. */
export function reportRefused(file: string, { refused, refusedCount, notes }: ImportAnswer, io: Io): void {
  for (const note of notes) tell(io, `${file}: ${note}`)
  for (const { line, why } of refused) tell(io, `${file}:${line}: ${why}`)
  const more = refusedCount - refused.length
  if (more > 0) tell(io, `${file}: and ${lines(more, 'more ')}`)
}

/** `1 line`, `2 lines`. */
export function lines(count: number, which = ''): string {
  return `${count} ${which}${count === 1 ? 'line' : 'lines'}`
}

async function send(
  server: Server,
  query: URLSearchParams,
  stream: Readable,
  file: string,
  io: Io,
): Promise<ImportAnswer> {
  try {
    return await ask(server, `/api/import${query.size > 0 ? `?${query}` : ''}`, isImportAnswer, {
      stream,
      signal: io.stop,
    })
  } catch (error) {
    throw stream.errored ? cannotRead(file, stream.errored) : naming(file, error)
  }
}

/** Adds the file's name to an error that concerns the file. */
function naming(file: string, error: unknown): unknown {
  if (!(error instanceof CommandError)) return error
  if (error.kind === 'interrupted' && file !== '-')
    return new CommandError('interrupted', `${file}: stopped; import it again to go on from there`)
  if (error.kind === 'usage' || error.kind === 'malformed')
    return new CommandError(error.kind, `${file}: ${error.message}`)
  return error
}

interface Sent {
  readonly file: string
  readonly id: string
  readonly bytes: number
  readonly start: number
  readonly stream: Readable & { readonly bytesRead: number }
}

/** Shows a progress line on a terminal. Returns a function that removes it. */
function showProgress(
  server: Server,
  { file, id, bytes, start, stream }: Sent,
  io: Io,
  lookEveryMs: number,
): () => void {
  if (!io.stderr.isTTY) return () => {}
  const progress = progressTo(io.stderr)
  const began = performance.now()
  let first: number | undefined
  const look = async (): Promise<void> => {
    const { spans } = await ask(server, `/api/import?file=${id}`, isImportState, { signal: io.stop })
    first ??= spans
    const rate = (spans - first) / ((performance.now() - began) / 1000)
    const read = `${gigabytes(start + stream.bytesRead)} of ${gigabytes(bytes)} GB read`
    if (!ended)
      progress.show(
        `${file}: ${read}, ${count(spans)} ${spans === 1 ? 'span' : 'spans'} stored, ${count(rate)} a second`,
      )
  }
  let ended = false
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs)
  return () => {
    ended = true
    clearInterval(timer)
    progress.clear()
  }
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)

const count = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', ' ')

async function opened(file: string): Promise<FileHandle> {
  const fail = (error: Error): never => {
    throw cannotRead(file, error)
  }
  // Checked before opening, which would block on a pipe without a writer.
  const found = await stat(file).catch(fail)
  if (!found.isFile()) throw unusable(file, 'it is not a file')
  return open(file).catch(fail)
}

function cannotRead(file: string, error: NodeJS.ErrnoException): CommandError {
  if (error.code === 'ENOENT') return unusable(file, 'there is no such file')
  return unusable(file, `it cannot be read (${error.code ?? error.message})`)
}

function unusable(file: string, why: string): CommandError {
  return new CommandError('usage', `${file}: ${why}; give files of spans, or - for standard input`)
}

function isImportAnswer(answer: object): answer is ImportAnswer {
  return 'spans' in answer && 'refusedCount' in answer && 'refused' in answer && Array.isArray(answer.refused)
}

function isImportState(
  answer: object,
): answer is ImportAnswer & { readonly bytes: number; readonly finished: boolean } {
  return isImportAnswer(answer) && 'bytes' in answer && 'finished' in answer
}
