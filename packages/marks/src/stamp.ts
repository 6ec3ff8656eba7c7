import type { Attributes, SpanKind } from '@opentelemetry/api'
import { FLAGS, FLAGS_DROPPED } from './attributes.ts'
import type { Mark } from './log.ts'
import { packedFlags } from './packed.ts'
import { type Linked, spanRead, spanWork } from './work.ts'

/** The part of an SDK's span that the processor needs. Spans of OpenTelemetry JS 2.x and 3.x provide it. */
export interface MarkableSpan {
  readonly attributes: Attributes
  readonly kind: SpanKind
  readonly name?: string
  /** The resource that the span is exported with. */
  readonly resource?: { getRawAttributes?(): readonly (readonly [key: string, value: unknown])[] }
  setAttribute(key: string, value: string | number | boolean): unknown
}

/** How flags are written: one attribute each, which any backend can group by; one string for all; or both. */
export type Encoding = 'each' | 'packed' | 'both'

/** A span that is linked to its work, and so to its Marks. */
export type MarkedSpan = MarkableSpan & Linked

/**
 * Writes the marks that the span has not read yet, except over attributes that someone else has changed.
 *
 * @example stamp(span, true, 'each') // span.attributes: { 'coalmine.flag.new-pricing': 'on' }
 */
export function stamp(span: MarkedSpan, plain: boolean, encoding: Encoding): void {
  const { log } = span[spanWork].marks
  const read = span[spanRead]
  if (log === read) return
  span[spanRead] = log
  const { attributes } = span
  const { marks } = log
  let hasFlags = false
  for (let i = read.marks.length; i < marks.length; i++) {
    const { key, value, replaced, flag } = marks[i] as Mark
    if (flag !== undefined) {
      hasFlags = true
      if (encoding === 'packed') continue
    }
    if (attributes[key] !== replaced) continue
    // Inlined from `write`: calling it here would cost 34 ns per span.
    if (plain) attributes[key] = value
    else span.setAttribute(key, value)
  }
  if (!hasFlags || encoding === 'each') return
  const before = attributes[FLAGS]
  if (before !== undefined && before !== packedFlags(read)) return
  if (plain) attributes[FLAGS] = packedFlags(log)
  else span.setAttribute(FLAGS, packedFlags(log))
}

/**
 * Stamps a span for the last time, and adds the number of dropped flags.
 *
 * @example stampLast(span, true, 'each') // as stamp, and { 'coalmine.flags.dropped': 3 }
 */
export function stampLast(span: MarkedSpan, plain: boolean, encoding: Encoding): void {
  stamp(span, plain, encoding)
  const { dropped } = span[spanWork].marks
  if (dropped > 0) write(span, plain, FLAGS_DROPPED, dropped)
}

/**
 * Whether a span keeps its attributes in a plain field, as in OpenTelemetry JS 2.x and 3.x.
 *
 * @example hasPlainAttributes(tracer.startSpan('cart')) // true
 */
export function hasPlainAttributes(span: MarkableSpan): boolean {
  return Object.getOwnPropertyDescriptor(span, 'attributes')?.writable === true
}

/**
 * Writes one attribute. If the attributes are a plain field, writes there directly: that costs a third of `setAttribute`,
 * and works on ended spans and on those at the SDK's limit of 128 attributes, where late ones, the marks, would be dropped.
 *
 * @example write(span, true, 'coalmine.flags.dropped', 3) // span.attributes['coalmine.flags.dropped'] is 3
 */
export function write(span: MarkableSpan, plain: boolean, key: string, value: string | number): void {
  if (plain) span.attributes[key] = value
  else span.setAttribute(key, value)
}
