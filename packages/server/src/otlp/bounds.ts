import { addSpan, type Span, type SpanBatch } from '@coalmine/store'
import { ServerError } from '../errors.ts'

/** The bytes of rows that one request may become. Each row repeats its resource, whose size the sender chooses. */
export const mostRowBytes = 48_000_000

// In memory, each message, object or list takes many times its bytes in the request. Honest requests have fewer than this.
const mostJsonParts = 500_000
const mostMessages = 1_000_000
const bytesOfMessage = 32

/** Throws a ServerError with status 413 if a request exceeds its limit of bytes of rows; `before` is the size of the batch before it. */
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

/** The number of messages that a protobuf request of a given size may have. */
export const mostMessagesOf = (bytes: number): number => mostMessages + bytes / bytesOfMessage

/** Throws a ServerError with status 413 if a request has too many parts. */
export function boundParts(parts: number, most: number = mostJsonParts): void {
  if (parts > most) throw tooMuch(`it has more than ${Math.floor(most)} parts`)
}

const quote = 0x22
const backslash = 0x5c
const brace = 0x7b
const bracket = 0x5b

/**
 * Throws a ServerError with status 413 if JSON has more objects and lists than a request may have. It is called before parsing, because
 * `{},` has three bytes but an object takes about sixty.
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
