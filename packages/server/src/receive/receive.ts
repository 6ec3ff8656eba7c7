import {
  type LogLines,
  logLines,
  newRowBytes,
  newSpanBatch,
  type RowBytes,
  type SpanBatch,
  StoreError,
} from '@coalmine/store'
import type { Context } from '../context.ts'
import { parseJson } from '../decoding/parts.ts'
import { answerable, ServerError } from '../errors.ts'
import type { Logs } from '../otlp/logs.ts'
import { decodeLogsJson } from '../otlp/logs-json.ts'
import { decodeLogsProtobuf } from '../otlp/logs-protobuf.ts'
import { decodeJson } from '../otlp/otlp-json.ts'
import { decodeProtobuf } from '../otlp/otlp-protobuf.ts'
import { protobufType } from '../otlp/otlp-response.ts'
import { isOfFuture, type Refusals, type TimeWindow, timeWindow } from '../otlp/refusals.ts'

const scratchBytes = 16_000_000

// What a thread of its own decodes, however short the rest: of a smaller one the way there and back takes longer.
const largeBytes = { protobuf: 2_000_000, json: 500_000 } as const
// Likewise what becomes large: each span has its resource.
const largeRowBytes = 8_000_000

/** How long a refused sender is asked to wait. */
export const retryAfterSeconds = 2

/**
 * Receives the spans of one OTLP request, from any transport. It resolves when the engine has stored them, so that acknowledged
 * spans survive a crash; with `ack: 'queued'` when they are queued, and a crash within a second loses them.
 *
 * Throws a ServerError: `malformed` names the field, `unavailable` asks to retry, with status 429 if too much
 * is queued, 503 if the disk is full or the engine failed.
 */
export async function receiveTraces(context: Context, type: string, body: Buffer): Promise<Refusals> {
  const started = performance.now()
  const measured = (outcome: string, spans: number, refused: number): void =>
    context.metrics.received(outcome, spans, refused, (performance.now() - started) / 1000)
  try {
    const { spans, refusals } = await takeSpans(context, type, body)
    measured(context.ack, spans, refusals.count)
    return refusals
  } catch (error) {
    measured(outcomeOf(error), 0, 0)
    throw error
  }
}

/** Receives a request of log records likewise; flag evaluations are stored, others dropped. */
export async function receiveLogs(context: Context, type: string, body: Buffer): Promise<Refusals> {
  const { metrics, ack } = context
  try {
    const { records, refusals, ignored } = await takeLogs(context, type, body)
    metrics.receivedLogs(ack, { stored: records.count, refused: refusals.count, ignored })
    return refusals
  } catch (error) {
    metrics.receivedLogs(outcomeOf(error), { stored: 0, refused: 0, ignored: 0 })
    throw error
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof StoreError && error.kind === 'full') return 'full'
  const { status } = answerable(error)
  return status === 429 ? 'busy' : status < 500 ? 'malformed' : 'failed'
}

async function takeSpans(
  context: Context,
  type: string,
  body: Buffer,
): Promise<{ readonly spans: number; readonly refusals: Refusals }> {
  const { store, now, decoder, clocks } = context
  const window = timeWindow(now(), store.retentionDays)
  const { batch, refusals } =
    decodeSpans(type, body, window) ?? (await decoder.request({ kind: 'traces', type, body, window }))
  clocks.came(batch)
  if (isOfFuture(refusals.why)) clocks.refused(refusals.why)
  await acknowledgeable(context, store.ingest.insert(batch), `${batch.spans} acknowledged spans`)
  return { spans: batch.spans, refusals }
}

/** Decodes a request; undefined if it is large. */
function decodeSpans(
  type: string,
  body: Buffer,
  window: TimeWindow,
): { readonly batch: SpanBatch; readonly refusals: Refusals } | undefined {
  if (isLarge(type, body)) return undefined
  const batch = newSpanBatch(scratch())
  try {
    const refusals =
      type === protobufType
        ? decodeProtobuf(batch, body, window, largeRowBytes)
        : decodeJson(batch, parseJson(body), window, largeRowBytes)
    return { batch, refusals }
  } catch (error) {
    if (error instanceof ServerError && error.limit === 'large') return undefined
    throw error
  }
}

type TakenLogs = Omit<Logs, 'records'> & { readonly records: LogLines }

async function takeLogs(context: Context, type: string, body: Buffer): Promise<TakenLogs> {
  const { store, now, decoder } = context
  const window = timeWindow(now(), store.retentionDays)
  const logs = isLarge(type, body)
    ? await decoder.request({ kind: 'logs', type, body, window })
    : withLines(type === protobufType ? decodeLogsProtobuf(body, window) : decodeLogsJson(parseJson(body), window))
  await acknowledgeable(
    context,
    store.ingest.insertLogs(logs.records),
    `${logs.records.count} acknowledged log records`,
  )
  return logs
}

const withLines = (logs: Logs): TakenLogs => ({ ...logs, records: logLines(logs.records) })

function isLarge(type: string, { length }: Buffer): boolean {
  return length > (type === protobufType ? largeBytes.protobuf : largeBytes.json)
}

/** Waits for the engine, unless queued data is already acknowledged. */
async function acknowledgeable({ ack, warn }: Context, stored: Promise<unknown>, what: string): Promise<void> {
  if (ack === 'stored') await stored
  else stored.catch((error: Error) => warn(`${what} are lost: ${error.message}`))
}

// Decoding and handing over happen in one go, so that all requests can use the same memory, unless one was huge.
let rows = newRowBytes()

function scratch(): RowBytes {
  if (rows.bytes.length > scratchBytes) rows = newRowBytes()
  return rows
}
