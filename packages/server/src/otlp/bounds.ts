import { addSpan, type Span, type SpanBatch } from '@coalmine/store'
import { ServerError } from '../errors.ts'

/** The bytes of rows that one request may become: each row has its resource, whose size the sender chooses. */
export const mostRowBytes = 48_000_000

// Each message, object or list takes many times the bytes that it has there; what is sound has fewer than these.
const mostJsonParts = 500_000
const mostMessages = 1_000_000
const bytesOfMessage = 32

/** Throws a ServerError with status 413 when a request has become more bytes of rows than it may; `before` is what the batch had. */
export function boundRows({ rows }: SpanBatch, before: number, most: number): void {
  if (rows.length - before > most) throw tooMuch(`its spans take more than ${most} bytes, with the resource of each`)
}

/** Adds the spans of one request to a batch. Throws as `boundRows` does. */
export function addSpans(batch: SpanBatch, spans: readonly Span[], most: number = mostRowBytes): void {
  const before = batch.rows.length
  for (const span of spans) {
    addSpan(batch, span)
    boundRows(batch, before, most)
  }
}

/** How many messages a request of protobuf of so many bytes may have. */
export const mostMessagesOf = (bytes: number): number => mostMessages + bytes / bytesOfMessage

/** Throws a ServerError with status 413 when a request has more parts than it may. */
export function boundParts(parts: number, most: number = mostJsonParts): void {
  if (parts > most) throw tooMuch(`it has more than ${Math.floor(most)} parts`)
}

const quote = 0x22
const backslash = 0x5c
const brace = 0x7b
const bracket = 0x5b

/**
 * Throws a ServerError with status 413 for a text of JSON with more objects and lists than a request may have, before it
 * is parsed: `{},` has three bytes, and an object takes some sixty.
 */
export function boundJson(text: Uint8Array): void {
  // Each needs two bytes at least.
  if (text.length < 2 * mostJsonParts) return
  let parts = 0
  let inText = false
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (inText) {
      if (byte === backslash) at++
      else if (byte === quote) inText = false
    } else if (byte === quote) inText = true
    else if (byte === brace || byte === bracket) parts++
  }
  boundParts(parts)
}

const tooMuch = (why: string): ServerError =>
  new ServerError('malformed', `the request is too large: ${why}; send smaller batches`, {
    status: 413,
    limit: 'large',
  })
