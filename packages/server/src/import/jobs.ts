import type { Decoder } from '../decoding/decoder.ts'
import type { FileJob } from '../decoding/job.ts'
import { newSpareMemory, type SpareMemory } from '../decoding/spare-memory.ts'
import { ServerError } from '../errors.ts'
import type { TimeWindow } from '../otlp/refusals.ts'
import { ahead } from './ahead.ts'
import { blocksOf } from './blocks.ts'
import { type FilePart, newFilePart, refuseLine } from './file-part.ts'
import { grouped, joined } from './grouped.ts'
import { maxLineBytes } from './lines.ts'

/** What decoding the bytes of a file needs. */
interface Decoding {
  readonly decoder: Decoder
  readonly window: TimeWindow
  /** The number of lines or messages that need not be read again. */
  readonly after: number
}

/** Bytes whose decoding has begun. */
interface Begun {
  readonly size: number
  readonly parts: AsyncIterable<FilePart>
  readonly leave: () => void
}

// More is decoded while the engine stores what came before.
const aheadBytes = 24_000_000
const groupBytes = 2_000_000

/** The parts of a text with one request per line; `from` counts what came before it. */
export function partsOfLines(
  chunks: AsyncIterable<Uint8Array>,
  from: { readonly line: number; readonly bytes: number },
  decoding: Decoding,
): AsyncGenerator<FilePart> {
  const spare = newSpareMemory()
  async function* jobs(): AsyncGenerator<Begun> {
    for await (const block of blocksOf(chunks, from, spare.take)) {
      const { line, bytes } = block
      if (block.kind === 'long') yield { size: 0, parts: refused(line, bytes, decoding), leave: () => {} }
      else yield begin(decoding, { kind: 'lines', body: block.body, window: decoding.window }, { line, bytes }, spare)
    }
  }
  return inOrder(jobs(), decoding)
}

/** The parts of messages. */
export function partsOfMessages(messages: AsyncIterable<Uint8Array>, decoding: Decoding): AsyncGenerator<FilePart> {
  async function* jobs(): AsyncGenerator<Begun> {
    let line = 0
    for await (const group of grouped(messages, groupBytes)) {
      const ends: number[] = []
      for (const { length } of group) ends.push((ends.at(-1) ?? 0) + length)
      yield begin(
        decoding,
        { kind: 'messages', body: joined(group), ends, window: decoding.window },
        { line, bytes: 0 },
      )
      line += group.length
    }
  }
  return inOrder(jobs(), decoding)
}

/** The parts of a text that is a single request. */
export async function* partsOfText(chunks: AsyncIterable<Uint8Array>, decoding: Decoding): AsyncGenerator<FilePart> {
  const all: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > maxLineBytes)
      throw new ServerError('malformed', `one request of more than ${maxLineBytes} bytes; write one request a line`)
    all.push(chunk)
  }
  const job: FileJob = { kind: 'text', body: joined(all), window: decoding.window }
  for await (const part of begin(decoding, job, { line: 0, bytes: 0 }).parts) if (decoding.after === 0) yield part
}

/** Starts a job; its parts count from what came before it. */
function begin(
  { decoder, after }: Decoding,
  job: FileJob,
  before: { readonly line: number; readonly bytes: number },
  spare?: SpareMemory,
): Begun {
  const size = job.body.length
  const since = performance.now()
  const skip = Math.max(after - before.line, 0)
  const decoded = decoder.file(skip > 0 ? { ...job, skip } : job, spare?.give)
  async function* parts(): AsyncGenerator<FilePart> {
    for (let part = await decoded.next(); part; part = await decoded.next())
      yield {
        ...part,
        line: before.line + part.line,
        bytes: job.kind === 'lines' ? before.bytes + part.bytes : 0,
        refused: part.refused.map(({ line, why }) => ({ line: before.line + line, why })),
        since,
      }
  }
  return { size, parts: parts(), leave: decoded.leave }
}

async function* refused(line: number, bytes: number, { after }: Decoding): AsyncGenerator<FilePart> {
  const part = newFilePart(line, bytes)
  if (line > after) refuseLine(part, line, `is longer than ${maxLineBytes} bytes; write one request a line`)
  yield part
}

async function* inOrder(jobs: AsyncIterable<Begun>, { after }: Decoding): AsyncGenerator<FilePart> {
  for await (const { parts, leave } of ahead(jobs, aheadBytes, (job) => job.leave())) {
    let isOver = false
    try {
      for await (const part of parts) if (part.line > after) yield part
      isOver = true
    } finally {
      if (!isOver) leave()
    }
  }
}
