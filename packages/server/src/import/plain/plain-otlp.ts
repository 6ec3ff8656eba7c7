import { isUtf8 } from 'node:buffer'
import {
  type AttributeBytes,
  addBatch,
  newAttributeBytes,
  newSpanBatch,
  newSpanOrigin,
  type SpanBatch,
} from '@coalmine/store'
import { type TimeWindow, unknownService } from '../../otlp/refusals.ts'
import { readAttributes } from './attributes.ts'
import { newSeen, passOver } from './fields.ts'
import { giveUp, isText, nowhere, readList, readObject, type Scanner, skipSpace, textRange } from './scanner.ts'
import { readSpan, type SpanReading } from './span.ts'
import { textIn } from './values.ts'

/**
 * Adds the spans of a plain OTLP request: JSON as the Collector's file exporter and most SDKs write it, without anything to refuse. Its
 * strings are copied into rows without becoming objects, which takes a third of the time. Returns false for any other request; nothing
 * of it was added, and `decodeText` reads it or says what is wrong.
 *
 * @example addPlainOtlp(batch, Buffer.from('{"resourceSpans":[]}'), window) // true
 */
export function addPlainOtlp(batch: SpanBatch, json: Uint8Array, window: TimeWindow): boolean {
  const scanner: Scanner = { bytes: json, at: 0, end: json.length, isPlain: true }
  const own = newSpanBatch(kept.rows)
  const decoding: Decoding = { scanner, batch: own, window, attributes: newAttributeBytes(), origins: 0 }
  let hasSpans = false
  skipSpace(scanner)
  readObject(scanner, (key) => {
    if (hasSpans || !isText(scanner, key, 'resourceSpans')) return giveUp(scanner)
    hasSpans = true
    readList(scanner, () => readResourceSpans(decoding))
  })
  skipSpace(scanner)
  if (!scanner.isPlain || scanner.at < json.length || !hasSpans || !isUtf8(json)) return false
  addBatch(batch, own)
  return true
}

// Requests are built here, one after the other, until it is clear that they are plain to the end.
const kept = newSpanBatch()

interface Decoding extends SpanReading {
  /** Resources and scopes so far. */
  origins: number
}

// More than this is rare; whether it is too much is decided elsewhere.
const mostOrigins = 1_000

function readResourceSpans(decoding: Decoding): void {
  const { scanner } = decoding
  if (++decoding.origins > mostOrigins) giveUp(scanner)
  const resource = newAttributeBytes()
  let service = ''
  const seen = newSeen(scanner)
  readObject(scanner, (key) => {
    if (isText(scanner, key, 'resource') && seen.first(1) && !seen.has(2))
      readObject(scanner, (inner) => {
        if (isText(scanner, inner, 'attributes') && seen.first(4)) service = readAttributes(scanner, resource)
        else passOver(scanner, inner)
      })
    else if (isText(scanner, key, 'scopeSpans') && seen.first(2))
      readList(scanner, () => readScopeSpans(decoding, service || unknownService, resource))
    else passOver(scanner, key)
  })
}

function readScopeSpans(decoding: Decoding, service: string, resource: AttributeBytes): void {
  const { scanner } = decoding
  if (++decoding.origins > mostOrigins) giveUp(scanner)
  let name = nowhere
  let version = nowhere
  const seen = newSeen(scanner)
  readObject(scanner, (key) => {
    if (isText(scanner, key, 'scope') && seen.first(1) && !seen.has(2))
      readObject(scanner, (inner) => {
        if (isText(scanner, inner, 'name') && seen.first(4)) name = textRange(scanner)
        else if (isText(scanner, inner, 'version') && seen.first(8)) version = textRange(scanner)
        else passOver(scanner, inner)
      })
    else if (isText(scanner, key, 'spans') && seen.first(2)) {
      const origin = newSpanOrigin(service, resource, textIn(scanner, name), textIn(scanner, version))
      readList(scanner, () => readSpan(decoding, origin))
    } else passOver(scanner, key)
  })
}
