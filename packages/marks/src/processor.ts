import { type Context, SpanKind, trace } from '@opentelemetry/api'
import { SERVICE_VERSION, SYNTHETIC_TYPE } from './attributes.ts'
import type { Build } from './build.ts'
import { detectBuild } from './detect-build.ts'
import type { SpanPipeline } from './divert.ts'
import { endSoon } from './ending.ts'
import { type Hold, holdSpans } from './hold.ts'
import { emptyLog } from './log.ts'
import { newMarks } from './marks.ts'
import { sayOutlivedSpan } from './outlived.ts'
import { sayOnce } from './say-once.ts'
import { beginArriving } from './server-responses.ts'
import {
  type Encoding,
  hasPlainAttributes,
  type MarkableSpan,
  type MarkedSpan,
  stamp,
  stampLast,
  write,
} from './stamp.ts'
import { stripBaggage } from './strip-baggage.ts'
import type { HoldLimits } from './waiting-roots.ts'
import { currentWork, newWork, spanRead, spanWork, type Work, workOf, workOfContext } from './work.ts'

/** Options of a MarkProcessor. */
export interface MarkOptions {
  /** The build to mark spans with. Default: `detectBuild()`. */
  readonly build?: Build
  /** How flags are written. Default `each`. */
  readonly encoding?: Encoding
  /** The attribute set to `test` on SERVER spans of test traffic. Default `user_agent.synthetic.type`; `false` for none. */
  readonly syntheticType?: string | false
  /**
   * Which spans get a flag that is evaluated late: `open` (default), those still open at that time, or `hold`, every span
   * of the local root. `hold` requires `next`.
   */
  readonly late?: 'open' | 'hold'
  /** The processor to pass spans on to, such as the exporting one. Do not register it with the SDK as well. */
  readonly next?: SpanPipeline<MarkableSpan, unknown>
  /** Limits on held spans. */
  readonly hold?: HoldLimits
}

/**
 * Puts the marks of a request on all of its spans: build, flags and test. It is compatible with the SDK's SpanProcessor but
 * depends on no SDK. A flag that is evaluated late reaches every span that is still open. With `late: 'hold'`, ended spans
 * wait for their local root to end, so that such flags reach them too. The build's version is added only if the resource
 * lacks it. Attributes set by the application are never overwritten.
 *
 * @throws TypeError if `late` is `hold` and there is no `next`
 * @example new NodeSDK({ spanProcessors: [new MarkProcessor(), new BatchSpanProcessor({ exporter })] })
 * @example new NodeSDK({ spanProcessors: [new MarkProcessor({ late: 'hold', next: new BatchSpanProcessor({ exporter }) })] })
 */
export class MarkProcessor {
  readonly #version: string | undefined
  readonly #encoding: Encoding
  readonly #syntheticType: string | false
  readonly #next: SpanPipeline<MarkableSpan, unknown> | undefined
  #hold: Hold | undefined
  // Whether this SDK's spans keep their attributes in a plain field.
  #plain: boolean | undefined
  #ending = false
  // Each provider has one resource, so checking a span's resource is a comparison by reference.
  #resource: MarkableSpan['resource']
  #isNamed = false

  constructor(options: MarkOptions = {}) {
    const {
      build = detectBuild(),
      encoding = 'each',
      syntheticType = SYNTHETIC_TYPE,
      late = 'open',
      next,
      hold,
    } = options
    this.#version = build.version
    this.#encoding = encoding
    this.#syntheticType = syntheticType
    this.#next = next
    if (late !== 'hold') return
    if (!next) {
      throw new TypeError(
        "late: 'hold' needs next, the processor that gets the spans afterwards: new MarkProcessor({ late: 'hold', next: new BatchSpanProcessor({ exporter }) })",
      )
    }
    this.#hold = holdSpans(next, (span) => this.#stampLast(span), hold)
  }

  onStart(span: MarkableSpan, parent: Context): void {
    if (isForeign(span)) return
    const marked = span as MarkedSpan
    const work = workOfSpan(span, parent)
    marked[spanWork] = work
    if (work.root === span) stripBaggage(parent)
    marked[spanRead] = emptyLog
    this.#plain ??= this.#isPlain(span)
    const version = this.#version
    if (version !== undefined && !this.#isOnResource(span.resource) && span.attributes[SERVICE_VERSION] === undefined) {
      write(span, this.#plain, SERVICE_VERSION, version)
    }
    stamp(marked, this.#plain, this.#encoding)
    if (span.kind === SpanKind.SERVER) this.#stampTest(marked, this.#plain)
    this.#hold?.start(span, parent)
    this.#next?.onStart(span, parent)
  }

  onEnding(span: MarkableSpan): void {
    this.#ending = true
    this.#stampLast(span)
    this.#next?.onEnding?.(span)
  }

  onEnd(span: unknown): void {
    const work = workOf(span as MarkedSpan)
    if (work === undefined && isForeign(span as MarkableSpan)) return
    if (work?.root === span) endSoon(work as Work)
    if (this.#hold) {
      // Stamps again, for SDKs that do not call onEnding.
      this.#stampLast(span as MarkableSpan)
      this.#hold.end(span as MarkableSpan)
      return
    }
    if (!this.#ending) {
      sayOnce(
        'this OpenTelemetry SDK does not call onEnding, so flags reach only the spans that start after them: use @opentelemetry/sdk-trace 2.9 or newer, or sdk-trace-base 2.3',
      )
    }
    this.#next?.onEnd(span)
  }

  async forceFlush(): Promise<void> {
    this.#hold?.flush()
    await this.#next?.forceFlush()
  }

  async shutdown(): Promise<void> {
    this.#hold?.flush()
    this.#hold = undefined
    await this.#next?.shutdown()
  }

  #stampLast(span: MarkableSpan & Partial<MarkedSpan>): void {
    if (this.#plain === undefined || !span[spanWork]) return
    stampLast(span as MarkedSpan, this.#plain, this.#encoding)
    if (span.kind === SpanKind.SERVER) this.#stampTest(span as MarkedSpan, this.#plain)
  }

  /** The conventions' attribute for synthetic traffic describes the sender, so it goes on the span that describes it too. */
  #stampTest(span: MarkedSpan, plain: boolean): void {
    const key = this.#syntheticType
    if (key !== false && span[spanWork].marks.test && span.attributes[key] === undefined)
      write(span, plain, key, 'test')
  }

  #isOnResource(resource: MarkableSpan['resource']): boolean {
    if (resource !== this.#resource) {
      this.#resource = resource
      // Raw attributes, since the SDK warns while asynchronous ones are pending. The first of several values counts.
      const version = resource?.getRawAttributes?.().find(([key]) => key === SERVICE_VERSION)?.[1]
      this.#isNamed = version === this.#version
    }
    return this.#isNamed
  }

  #isPlain(span: MarkableSpan): boolean {
    if (hasPlainAttributes(span)) return true
    if (this.#hold) {
      sayOnce('this OpenTelemetry SDK does not allow marking spans after they end, so none are held back')
      this.#hold = undefined
    }
    return false
  }
}

/** Such spans break what follows, exporters included. An application must not end because of them. */
function isForeign(span: MarkableSpan): boolean {
  if (span.attributes !== undefined) return false
  sayOnce(
    "the spans here are not those of OpenTelemetry's SDK, so they are neither marked nor exported: another tracer took its place, as dd-trace does with DD_TRACE_OTEL_ENABLED",
  )
  return true
}

/** The work that a span belongs to. It gets its own if its context has none, or one that has ended. */
function workOfSpan(span: MarkableSpan, parent: Context): Work {
  const inContext = workOfContext(parent)
  // All but one span of a request.
  if (inContext && !inContext.over && (inContext.hasResponse || inContext.root)) return inContext
  const begins =
    span.kind === SpanKind.SERVER ||
    span.kind === SpanKind.CONSUMER ||
    trace.getSpan(parent)?.spanContext().isRemote === true
  // A root span inside a request belongs to it; a span that begins the service's part of a request does not.
  const around = inContext ?? (begins ? undefined : currentWork())
  if (around && !around.over) {
    // The propagator made it for this span.
    if (begins) around.root ??= span
    return around
  }
  if (around && !begins) sayOutlivedSpan(around, span.name ?? 'without a name')
  const own = newWork(newMarks(), around)
  own.root = span
  if (span.kind === SpanKind.SERVER) beginArriving(own)
  return own
}
