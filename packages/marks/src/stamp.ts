import type { Attributes, SpanKind } from '@opentelemetry/api'
import { FLAGS, FLAGS_DROPPED } from './attributes.ts'
import type { Mark } from './log.ts'
import { packedFlags } from './packed.ts'
import { type Linked, spanRead, spanWork } from './work.ts'

/** What the processor needs of an SDK's span; the spans of OpenTelemetry JS 2.x and 3.x have it. */
export interface MarkableSpan {
  readonly attributes: Attributes
  readonly kind: SpanKind
  readonly name?: string
  /** What made the span; its attributes are exported with it. */
  readonly resource?: { getRawAttributes?(): readonly (readonly [key: string, value: unknown])[] }
  setAttribute(key: string, value: string | number | boolean): unknown
}

/** How flags are written: an attribute each, which any backend can group by, one text for all, or both. */
export type Encoding = 'each' | 'packed' | 'both'

/** A span that has its work, and with it its Marks. */
export type MarkedSpan = MarkableSpan & Linked

/**
 * Writes the marks that the span has not read yet, wherever its attribute is still what the request had before.
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
    // As in `write`, which costs more here: 34 ns a span.
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
 * The last stamp of a span: also how many flags were left out.
 *
 * @example stampLast(span, true, 'each') // as stamp, and { 'coalmine.flags.dropped': 3 }
 */
export function stampLast(span: MarkedSpan, plain: boolean, encoding: Encoding): void {
  stamp(span, plain, encoding)
  const { dropped } = span[spanWork].marks
  if (dropped > 0) write(span, plain, FLAGS_DROPPED, dropped)
}

/**
 * Whether a span's attributes are a plain field, as they are in OpenTelemetry JS 2.x and 3.x.
 *
 * @example hasPlainAttributes(tracer.startSpan('cart')) // true
 */
export function hasPlainAttributes(span: MarkableSpan): boolean {
  return Object.getOwnPropertyDescriptor(span, 'attributes')?.writable === true
}

/**
 * Writes one attribute. Into the span's own attributes, where they are a plain field, it costs a third of `setAttribute`,
 * and reaches spans that are full (at the SDK's limit, 128, it would drop what is late, and that is the marks), and
 * those that have ended.
 *
 * @example write(span, true, 'coalmine.flags.dropped', 3) // span.attributes['coalmine.flags.dropped'] is 3
 */
export function write(span: MarkableSpan, plain: boolean, key: string, value: string | number): void {
  if (plain) span.attributes[key] = value
  else span.setAttribute(key, value)
}
