import { logLines, newRowBytes, newSpanBatch, type RowBytes } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { decodeMessage, decodeText } from '../import/decode.ts'
import { addRequest, type FilePart, newFilePart } from '../import/file-part.ts'
import { addPlainOtlp } from '../import/plain/plain-otlp.ts'
import { boundJson } from '../otlp/bounds.ts'
import { decodeLogsJson } from '../otlp/logs-json.ts'
import { decodeLogsProtobuf } from '../otlp/logs-protobuf.ts'
import { decodeJson } from '../otlp/otlp-json.ts'
import { decodeProtobuf } from '../otlp/otlp-protobuf.ts'
import { protobufType } from '../otlp/otlp-response.ts'
import type { TimeWindow } from '../otlp/refusals.ts'
import type { FileJob, Job, Part, RequestJob, RequestPart } from './job.ts'

// A line may become many times its bytes: each of its spans has its resource.
const partBytes = 8_000_000
const partRecords = 10_000
// Smaller memory is a piece of what others have, and cannot be given to another thread.
const leastRoom = 65_536

/** Decodes a job, one part at a time, on demand; the rows of a file go into the memory provided. Throws a ServerError of kind `malformed` for an invalid request. */
export function* partsOf(job: Job, memoryFor: (bytes: number) => Buffer = Buffer.allocUnsafe): Generator<Part> {
  if (isRequest(job)) yield requestPart(job)
  else yield* fileParts(job, memoryFor)
}

const isRequest = (job: Job): job is RequestJob => job.kind === 'traces' || job.kind === 'logs'

function requestPart({ kind, type, body: bytes, window }: RequestJob): RequestPart {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const isProtobuf = type === protobufType
  if (kind === 'logs') {
    const logs = isProtobuf ? decodeLogsProtobuf(body, window) : decodeLogsJson(parseJson(body), window)
    return { ...logs, records: logLines(logs.records), batch: newSpanBatch() }
  }
  const batch = newSpanBatch(newRowBytes(Math.max(bytes.length, leastRoom)))
  const refusals = isProtobuf ? decodeProtobuf(batch, body, window) : decodeJson(batch, parseJson(body), window)
  return { batch, records: logLines([]), ignored: 0, refusals }
}

/** Parses the JSON of a body. Throws a ServerError of kind `malformed` if it is not JSON or has too many parts. */
export function parseJson(body: Buffer): unknown {
  boundJson(body)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new ServerError('malformed', `the body is not JSON: ${(cause as Error).message.replace(/\s+/g, ' ')}`, {
      cause,
    })
  }
}

function* fileParts(job: FileJob, memoryFor: (bytes: number) => Buffer): Generator<FilePart> {
  const body = Buffer.from(job.body.buffer, job.body.byteOffset, job.body.length)
  const { skip = 0 } = job
  const rowsFor = (bytes: number): RowBytes => ({ bytes: memoryFor(Math.max(bytes, leastRoom)), length: 0 })
  let part = newFilePart(0, 0, rowsFor(body.length))
  for (const { start, end, next } of requestsIn(job, body)) {
    part.bytes = next
    if (part.line < skip) {
      part.line++
      continue
    }
    if (job.kind === 'messages')
      addRequest(part, part.line + 1, (into) => decodeMessage(into, body.subarray(start, end), job.window))
    else if (!addPlain(part, body.subarray(start, end), job.window))
      addText(part, body.toString('utf8', start, end), job.window)
    if (part.batch.rows.length < partBytes && part.records.length < partRecords) continue
    yield part
    part = newFilePart(part.line, part.bytes, rowsFor(body.length - next))
  }
  yield part
}

// Most lines are.
function addPlain(part: FilePart, json: Uint8Array, window: TimeWindow): boolean {
  if (!addPlainOtlp(part.batch, json, window)) return false
  part.line++
  part.requests++
  return true
}

function addText(part: FilePart, text: string, window: TimeWindow): void {
  const line = part.line + 1
  // Some programs on Windows begin a file with a byte order mark.
  const own = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (own.trim() === '') part.line = line
  else addRequest(part, line, (into) => decodeText(into, own, window))
}

interface Range {
  readonly start: number
  readonly end: number
  /** Where the next one begins. */
  readonly next: number
}

const newline = 0x0a

function* requestsIn(job: FileJob, body: Buffer): Generator<Range> {
  if (job.kind === 'text') return yield { start: 0, end: body.length, next: body.length }
  let start = 0
  if (job.kind === 'messages')
    for (const end of job.ends) {
      yield { start, end, next: end }
      start = end
    }
  while (start < body.length) {
    const found = body.indexOf(newline, start)
    const end = found < 0 ? body.length : found
    const next = found < 0 ? end : found + 1
    yield { start, end, next }
    start = next
  }
}
