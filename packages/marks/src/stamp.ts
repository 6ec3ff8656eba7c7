import type { Attributes, SpanKind } from '@opentelemetry/api'
import { FLAGS, FLAGS_DROPPED } from './attributes.ts'
import type { Mark } from './log.ts'
import { type Linked, SPAN_MARKS, SPAN_READ } from './marks.ts'
import { packedFlags } from './packed.ts'

/** What the processor needs of an SDK's span; the spans of OpenTelemetry JS 2.x and 3.x have it. */
export interface MarkableSpan {
  readonly attributes: Attributes
  readonly kind: SpanKind
  /** What made the span; its attributes are exported with it. */
  readonly resource?: { getRawAttributes?(): readonly (readonly [key: string, value: unknown])[] }
  setAttribute(key: string, value: string | number | boolean): unknown
}

/** How flags are written: an attribute each, which any backend can group by, one text for all, or both. */
export type Encoding = 'each' | 'packed' | 'both'

/** A span that has its Marks. */
export type MarkedSpan = MarkableSpan & Linked

/** Writes an attribute on a span. */
export type Write = (span: MarkableSpan, key: string, value: string | number | boolean) => void

/** Writes the marks that the span has not read yet, wherever its attribute is still what the request had before. */
export function stamp(span: MarkedSpan, write: Write, encoding: Encoding): void {
  const { log } = span[SPAN_MARKS]
  const read = span[SPAN_READ]
  if (log === read) return
  span[SPAN_READ] = log
  const { attributes } = span
  const { marks } = log
  let hasFlags = false
  for (let i = read.marks.length; i < marks.length; i++) {
    const { key, value, replaced, flag } = marks[i] as Mark
    if (flag !== undefined) {
      hasFlags = true
      if (encoding === 'packed') continue
    }
    if (attributes[key] === replaced) write(span, key, value)
  }
  if (!hasFlags || encoding === 'each') return
  const before = attributes[FLAGS]
  if (before === undefined || before === packedFlags(read)) write(span, FLAGS, packedFlags(log))
}

/** The last stamp of a span: also how many flags were left out. */
export function stampLast(span: MarkedSpan, write: Write, encoding: Encoding): void {
  stamp(span, write, encoding)
  const { dropped } = span[SPAN_MARKS]
  if (dropped > 0) write(span, FLAGS_DROPPED, dropped)
}

/** Whether a span's attributes are a plain field, as they are in OpenTelemetry JS 2.x and 3.x. */
export function hasPlainAttributes(span: MarkableSpan): boolean {
  return Object.getOwnPropertyDescriptor(span, 'attributes')?.writable === true
}

/**
 * Writing into the span's own attributes costs a third of `setAttribute`, reaches spans that are full (at the SDK's
 * limit, 128, it would drop what is late, and that is the marks), and those that have ended.
 */
export const writePlain: Write = (span, key, value) => {
  span.attributes[key] = value
}

/** For spans whose attributes are no plain field. */
export const writeThroughApi: Write = (span, key, value) => {
  span.setAttribute(key, value)
}
