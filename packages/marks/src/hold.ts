import { type Context, trace } from '@opentelemetry/api'
import { SPANS_EARLY } from './attributes.ts'
import type { SpanPipeline } from './divert.ts'
import type { MarkableSpan } from './stamp.ts'
import { type HoldLimits, type LocalRoot, waitingRoots } from './waiting-roots.ts'

/** Holds ended spans until their local root has ended too, so that marks made in the meantime still reach them. */
export interface Hold {
  start(span: MarkableSpan, parent: Context): void
  end(span: MarkableSpan): void
  /** Passes on all held spans. */
  flush(): void
}

/**
 * Creates a Hold in front of `next`. A held span is stamped when it is passed on. If a limit is exceeded, the spans of the oldest local
 * roots are passed on early, which is warned of once and counted on the root as `coalmine.spans.early`.
 *
 * @example const hold = holdSpans(new BatchSpanProcessor({ exporter }), (span) => stampLast(span, true, 'each'))
 */
export function holdSpans(
  next: SpanPipeline<MarkableSpan, unknown>,
  stampHeld: (span: MarkableSpan) => void,
  limits: HoldLimits = {},
): Hold {
  // One symbol per Hold, because each handles only its own spans.
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
