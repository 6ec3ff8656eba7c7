import { type Attributes, type Context, SpanKind, trace } from '@opentelemetry/api'
import { FLAGS_DROPPED, SERVICE_VERSION } from './attributes.ts'
import { type Build, detectBuild } from './build.ts'
import {
  currentMarks,
  type Linked,
  type Mark,
  type Marks,
  marksIn,
  marksOf,
  newMarks,
  SPAN_MARKS,
  SPAN_READ,
} from './marks.ts'
import { sayOnce } from './say-once.ts'

/** What the processor needs of an SDK's span; the spans of OpenTelemetry JS 2.x and 3.x have it. */
export interface MarkableSpan {
  readonly attributes: Attributes
  readonly kind: SpanKind
  setAttribute(key: string, value: string | number | boolean): unknown
}

/**
 * Puts the marks of a request on every span of it: the build, the flags, the test. It has the shape of the SDK's
 * SpanProcessor and needs no SDK itself. What is learnt late reaches every span that is still open, at `onEnding`.
 * An attribute that the application set itself stays.
 *
 * @example new NodeSDK({ spanProcessors: [new MarkProcessor(), new BatchSpanProcessor({ exporter })] })
 */
export class MarkProcessor {
  readonly #version: string | undefined
  #write: Write | undefined
  #ending = false

  /** `build` is the build to mark spans with, and `detectBuild()` finds it when it is not given. */
  constructor(options: { readonly build?: Build } = {}) {
    this.#version = (options.build ?? detectBuild()).version
  }

  onStart(span: MarkableSpan, parent: Context): void {
    const linked = span as MarkableSpan & Linked
    linked[SPAN_MARKS] = marksIn(parent) ?? marksOf(trace.getSpan(parent)) ?? marksOfRoot(span, parent)
    linked[SPAN_READ] = 0
    this.#write ??= writerFor(span)
    if (this.#version !== undefined && span.attributes[SERVICE_VERSION] === undefined) {
      this.#write(span, SERVICE_VERSION, this.#version)
    }
    stamp(linked, this.#write)
  }

  onEnding(span: MarkableSpan): void {
    this.#ending = true
    const linked = span as MarkableSpan & Partial<Linked>
    if (!isLinked(linked) || !this.#write) return
    stamp(linked, this.#write)
    const { dropped } = linked[SPAN_MARKS]
    if (dropped > 0) this.#write(span, FLAGS_DROPPED, dropped)
  }

  onEnd(_span: unknown): void {
    if (!this.#ending) {
      sayOnce(
        'this OpenTelemetry SDK does not call onEnding, so flags reach only the spans that start after them: use @opentelemetry/sdk-trace 2.9 or newer, or sdk-trace-base 2.3',
      )
    }
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

/** A root span inside a request belongs to it; a span that begins the service's part of a request gets new Marks. */
function marksOfRoot(span: MarkableSpan, parent: Context): Marks {
  const begins =
    span.kind === SpanKind.SERVER ||
    span.kind === SpanKind.CONSUMER ||
    trace.getSpan(parent)?.spanContext().isRemote === true
  return (begins ? undefined : currentMarks()) ?? newMarks()
}

/** Writes the marks that the span has not read yet, wherever its attribute is still what the request had before. */
function stamp(span: MarkableSpan & Linked, write: Write): void {
  const { log } = span[SPAN_MARKS]
  const { attributes } = span
  const count = log.length
  for (let i = span[SPAN_READ]; i < count; i++) {
    const { key, value, replaced } = log[i] as Mark
    if (attributes[key] === replaced) write(span, key, value)
  }
  span[SPAN_READ] = count
}

type Write = (span: MarkableSpan, key: string, value: string | number | boolean) => void

/**
 * Writing into the span's own attributes costs a third of `setAttribute`, and reaches spans that are full: at the
 * SDK's limit (128) it would drop what is late, and that is the marks. Where they are not a plain field, as they are
 * in OpenTelemetry JS 2.x and 3.x, the API does it.
 */
function writerFor(span: MarkableSpan): Write {
  const plain = Object.getOwnPropertyDescriptor(span, 'attributes')?.writable === true
  return plain
    ? (each, key, value) => {
        each.attributes[key] = value
      }
    : (each, key, value) => {
        each.setAttribute(key, value)
      }
}

function isLinked(span: MarkableSpan & Partial<Linked>): span is MarkableSpan & Linked {
  return span[SPAN_MARKS] !== undefined
}
