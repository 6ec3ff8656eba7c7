import type { Readable } from 'node:stream'
import { addBatch, type Hold, newRowBytes, newSpanBatch, type SpanBatch, type Store, StoreError } from '@coalmine/store'
import type { FastifyInstance } from 'fastify'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { decodeJson } from '../otlp/otlp-json.ts'
import { decodeProtobuf } from '../otlp/otlp-protobuf.ts'
import { type Refusals, type TimeWindow, timeWindow } from '../otlp/refusals.ts'
import { decodeJaeger, isJaeger } from './jaeger.ts'
import { linesOf, MAX_LINE_BYTES } from './lines.ts'
import { messagesOf, protobufKind, wholeOf } from './messages.ts'
import { unpacked } from './unpacked.ts'

/**
 * What an import did. The first twenty lines that did not go in, or not with all their spans, are named; of protobuf
 * `line` is the number of the message.
 */
export type ImportAnswer = {
  readonly spans: number
  readonly requests: number
  readonly refused: readonly { readonly line: number; readonly why: string }[]
  readonly refusedCount: number
  /** Spans of requests that made sense which were not stored. */
  readonly refusedSpans: number
  /** Spans that were stored, but whose ticks had closed before. */
  readonly late: number
}

/**
 * `POST /api/import`: OTLP as JSON, one request for the whole body or one a line, or as protobuf, one request or several
 * behind their lengths; or traces as Jaeger gives them. Gzip or not; what it is shows in the first bytes.
 */
export async function registerImport(app: FastifyInstance, context: Context): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', async (_: unknown, payload: Readable) => payload)
    scope.post('/api/import', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
      if (!request.body) throw new ServerError('usage', 'the body is missing: expected spans')
      return importSpans(context, request.body as Readable)
    })
  })
}

/** Stores what a stream of spans has, keeping its ticks open until its end. */
async function importSpans({ store, now }: Context, stream: Readable): Promise<ImportAnswer> {
  const hold = store.hold()
  const intake = newIntake(store, hold, timeWindow(now(), store.retentionDays))
  try {
    await takeAll(intake, stream)
    await flush(intake)
  } finally {
    store.release(hold)
  }
  await store.closeDue()
  const { spans, requests, refused, refusedCount, refusedSpans, late } = intake
  return { spans, requests, refused, refusedCount, refusedSpans, late }
}

type Intake = {
  readonly store: Store
  readonly hold: Hold
  readonly window: TimeWindow
  batch: SpanBatch
  spans: number
  requests: number
  readonly refused: { line: number; why: string }[]
  refusedCount: number
  refusedSpans: number
  late: number
}

const NAMED_REFUSALS = 20
const BATCH_BYTES = 16_000_000

const newIntake = (store: Store, hold: Hold, window: TimeWindow): Intake => ({
  store,
  hold,
  window,
  batch: newSpanBatch(),
  spans: 0,
  requests: 0,
  refused: [],
  refusedCount: 0,
  refusedSpans: 0,
  late: 0,
})

type Decode = (batch: SpanBatch, window: TimeWindow) => Refusals

/** Each request of a stream, read one after the other; where the stream itself breaks, that is refused too. */
async function takeAll(intake: Intake, stream: Readable): Promise<void> {
  let last = 0
  try {
    for await (const { line, decode } of requestsOf(stream, intake)) {
      last = line
      take(intake, line, decode)
      if (intake.batch.rows.length >= BATCH_BYTES) await flush(intake)
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    refuseLine(intake, last + 1, error.message)
  }
}

async function* requestsOf(
  stream: Readable,
  intake: Intake,
): AsyncGenerator<{ readonly line: number; readonly decode: Decode }> {
  const { start, chunks } = await begun(unpacked(stream))
  const kind = protobufKind(start)
  if (kind === undefined) {
    for await (const { text, line } of textsOf(chunks, intake)) yield { line, decode: decodeText(text) }
    return
  }
  let line = 0
  const messages = kind === 'one' ? [await wholeOf(chunks)] : messagesOf(chunks)
  for await (const message of messages) yield { line: ++line, decode: decodeMessage(message) }
}

/** The first bytes of a stream, and still all of it. */
async function begun(stream: AsyncGenerator<Buffer>): Promise<{ start: Buffer; chunks: AsyncIterable<Buffer> }> {
  const { value, done } = await stream.next()
  const start = done ? Buffer.alloc(0) : value
  async function* chunks(): AsyncGenerator<Buffer> {
    if (!done) yield start
    yield* stream
  }
  return { start, chunks: chunks() }
}

/** The requests in a text: lines, or all of it when its first line is only the beginning of one. */
async function* textsOf(
  chunks: AsyncIterable<Buffer>,
  intake: Intake,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let whole: { lines: string[]; bytes: number } | undefined
  let first = true
  for await (const { number, text } of linesOf(chunks)) {
    if (text === undefined) {
      refuseLine(intake, number, `is longer than ${MAX_LINE_BYTES} bytes; write one request a line`)
      continue
    }
    if (text.trim() === '') continue
    // A request that is laid out over lines begins with one that is no JSON by itself; a list of requests does not.
    if (first && !isJson(text) && !text.trimEnd().endsWith('}')) whole = { lines: [], bytes: 0 }
    first = false
    if (!whole) {
      yield { text, line: number }
      continue
    }
    whole.lines.push(text)
    whole.bytes += text.length
    if (whole.bytes > MAX_LINE_BYTES)
      throw new ServerError('malformed', `one request of more than ${MAX_LINE_BYTES} bytes; write one request a line`)
  }
  if (whole) yield { text: whole.lines.join('\n'), line: 1 }
}

function decodeText(text: string): Decode {
  return (batch, window) => {
    const request = parseJson(text)
    return isJaeger(request) ? decodeJaeger(batch, request, window) : decodeJson(batch, request, window)
  }
}

/** What protobuf gives before it breaks is no whole request, so it has a batch of its own first. */
function decodeMessage(message: Buffer): Decode {
  return (batch, window) => {
    const own = newSpanBatch(newRowBytes(message.length * 2))
    const refusals = decodeProtobuf(own, message, window)
    addBatch(batch, own)
    return refusals
  }
}

function take(intake: Intake, line: number, decode: Decode): void {
  try {
    const { count, why } = decode(intake.batch, intake.window)
    intake.requests++
    intake.refusedSpans += count
    if (count > 0) refuseLine(intake, line, `${count === 1 ? '1 span' : `${count} spans`} refused: ${why}`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    refuseLine(intake, line, error.message)
  }
}

async function flush(intake: Intake): Promise<void> {
  const { batch, store, hold } = intake
  intake.batch = newSpanBatch()
  for (;;) {
    try {
      const { late } = await store.insert(batch, hold)
      intake.spans += batch.spans
      intake.late += late
      return
    } catch (error) {
      // Exporters are told to come back; a file can wait.
      if (!(error instanceof StoreError && error.kind === 'busy')) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

function refuseLine(intake: Intake, line: number, why: string): void {
  intake.refusedCount++
  if (intake.refused.length < NAMED_REFUSALS) intake.refused.push({ line, why })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ServerError('malformed', `not JSON: ${(cause as Error).message}`, { cause })
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
