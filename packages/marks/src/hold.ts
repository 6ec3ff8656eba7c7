import { type Context, trace } from '@opentelemetry/api'
import { SPANS_EARLY } from './attributes.ts'
import type { SpanPipeline } from './divert.ts'
import type { MarkableSpan } from './stamp.ts'
import { type HoldLimits, type LocalRoot, waitingRoots } from './waiting-roots.ts'

/** Holds ended spans back until their local root has ended too, since what is learnt until then belongs on them. */
export interface Hold {
  start(span: MarkableSpan, parent: Context): void
  end(span: MarkableSpan): void
  /** Lets all go that are held. */
  flush(): void
}

/**
 * Makes a Hold in front of `next`. A held span is stamped when it goes on. Over a limit the oldest local roots do
 * without: their spans go on as they are, which is said once and counted on the root as `coalmine.spans.early`.
 *
 * @example const hold = holdSpans(new BatchSpanProcessor({ exporter }), (span) => stampLast(span, true, 'each'))
 */
export function holdSpans(
  next: SpanPipeline<MarkableSpan, unknown>,
  stampHeld: (span: MarkableSpan) => void,
  limits: HoldLimits = {},
): Hold {
  // Of this Hold alone: another one's spans are not in its hands.
  const rootOf = Symbol('coalmine.root')
  type Grouped = MarkableSpan & { [rootOf]?: LocalRoot }
  const waiting = waitingRoots((span) => {
    stampHeld(span)
    next.onEnd(span)
  }, limits)

  return {
    start(span: Grouped, parent) {
      const above = (trace.getSpan(parent) as Grouped | undefined)?.[rootOf]
      span[rootOf] =
        above && above.state !== 'ended' ? above : { span, held: [], bytes: 0, since: 0, state: 'waits', early: 0 }
    },
    end(span: Grouped) {
      const root = span[rootOf]
      if (root?.span === span) {
        root.state = 'ended'
        waiting.release(root)
        if (root.early > 0) span.attributes[SPANS_EARLY] = root.early
        next.onEnd(span)
      } else if (root?.state === 'waits') {
        waiting.add(root, span)
      } else {
        if (root?.state === 'gaveUp') root.early++
        next.onEnd(span)
      }
    },
    flush: waiting.releaseAll,
  }
}
