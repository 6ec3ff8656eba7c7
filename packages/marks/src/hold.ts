import { type Context, trace } from '@opentelemetry/api'
import { SPANS_EARLY } from './attributes.ts'
import type { SpanPipeline } from './divert.ts'
import { sayOnce } from './say-once.ts'
import type { MarkableSpan } from './stamp.ts'

/** How much is held back at most. */
export interface HoldLimits {
  /** Spans of one local root. Default 1,000. */
  readonly maxSpansPerRoot?: number
  /** Spans of all. Default 20,000. */
  readonly maxSpans?: number
  /** How long the first of them waits for its local root to end. Default 30,000. */
  readonly maxAgeMs?: number
  /** About how many bytes of them, by their attributes and events. Default 64 MiB. */
  readonly maxBytes?: number
}

/** The spans of one service's part of a request. */
interface LocalRoot {
  readonly span: MarkableSpan
  held: MarkableSpan[]
  bytes: number
  /** When the first one was held. */
  since: number
  /** `gaveUp`: over a limit; its spans wait for it no more. */
  state: 'waits' | 'gaveUp' | 'ended'
  /** How many went ahead of it, over a limit. */
  early: number
}

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
 */
export function holdSpans(
  next: SpanPipeline<MarkableSpan, unknown>,
  stampHeld: (span: MarkableSpan) => void,
  limits: HoldLimits = {},
): Hold {
  const { maxSpansPerRoot = 1000, maxSpans = 20_000, maxAgeMs = 30_000, maxBytes = 64 * 1024 * 1024 } = limits
  // Of this Hold alone: another one's spans are not in its hands.
  const rootOf = Symbol('coalmine.root')
  type Grouped = MarkableSpan & { [rootOf]?: LocalRoot }
  /** Those that have spans held, by the time of the first. */
  const waiting = new Set<LocalRoot>()
  let spans = 0
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  const release = (root: LocalRoot): void => {
    waiting.delete(root)
    const { held } = root
    spans -= held.length
    bytes -= root.bytes
    root.held = []
    root.bytes = 0
    for (const span of held) {
      stampHeld(span)
      next.onEnd(span)
    }
  }
  const giveUp = (root: LocalRoot, limit: string): void => {
    sayOnce(`more than ${limit} to hold back: spans go out early, without the flags that are evaluated after they end`)
    root.early += root.held.length
    root.state = 'gaveUp'
    release(root)
  }
  const oldest = (): LocalRoot | undefined => waiting.values().next().value
  const giveUpTheOld = (): void => {
    const due = performance.now() - maxAgeMs
    for (let root = oldest(); root && root.since <= due; root = oldest()) giveUp(root, `${maxAgeMs} ms`)
    timer = undefined
    keepTime()
  }
  const keepTime = (): void => {
    const first = oldest()
    if (!first || timer) return
    timer = setTimeout(giveUpTheOld, Math.max(1, first.since + maxAgeMs - performance.now()))
    timer.unref?.()
  }
  const hold = (root: LocalRoot, span: MarkableSpan): void => {
    const size = sizeOf(span)
    if (root.state === 'waits') {
      if (root.held.length >= maxSpansPerRoot) giveUp(root, `${maxSpansPerRoot} spans of one request`)
      while (spans > 0 && spans >= maxSpans) giveUp(oldest() as LocalRoot, `${maxSpans} spans`)
      while (spans > 0 && bytes + size > maxBytes) giveUp(oldest() as LocalRoot, `${maxBytes} bytes`)
    }
    if (root.state !== 'waits') {
      root.early++
      next.onEnd(span)
      return
    }
    if (root.held.length === 0) {
      root.since = performance.now()
      waiting.add(root)
    }
    root.held.push(span)
    root.bytes += size
    bytes += size
    spans++
    keepTime()
  }

  return {
    start: (span: Grouped, parent) => {
      const above = (trace.getSpan(parent) as Grouped | undefined)?.[rootOf]
      span[rootOf] =
        above && above.state !== 'ended' ? above : { span, held: [], bytes: 0, since: 0, state: 'waits', early: 0 }
    },
    end: (span: Grouped) => {
      const root = span[rootOf]
      if (!root || (root.state === 'ended' && root.span !== span)) {
        next.onEnd(span)
      } else if (root.span !== span) {
        hold(root, span)
      } else {
        root.state = 'ended'
        release(root)
        if (root.early > 0) span.attributes[SPANS_EARLY] = root.early
        next.onEnd(span)
      }
    },
    flush: () => {
      for (const root of waiting) {
        root.early += root.held.length
        release(root)
      }
    },
  }
}

/** Roughly, and sooner too much than too little. */
function sizeOf(span: MarkableSpan & { readonly events?: readonly unknown[] }): number {
  let size = 1000 + 500 * (span.events?.length ?? 0)
  for (const value of Object.values(span.attributes)) {
    size += 64 + (typeof value === 'string' || Array.isArray(value) ? value.length * 2 : 8)
  }
  return size
}
