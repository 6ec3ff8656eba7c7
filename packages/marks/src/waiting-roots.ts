import { sayOnce } from './say-once.ts'
import type { MarkableSpan } from './stamp.ts'

/** Limits on held spans. */
export interface HoldLimits {
  /** Maximum spans held per local root. Default 1,000. */
  readonly maxSpansPerRoot?: number
  /** Maximum spans held in total. Default 20,000. */
  readonly maxSpans?: number
  /** Maximum time in milliseconds that the first span waits for its local root to end. Default 30,000. */
  readonly maxAgeMs?: number
  /** Maximum size of held spans, estimated from their attributes and events. Default 64 MiB. */
  readonly maxBytes?: number
}

/** The held spans of one service's part of a request. */
export interface LocalRoot {
  readonly span: MarkableSpan
  held: MarkableSpan[]
  bytes: number
  /** When the first span was held. */
  since: number
  /** `gaveUp`: a limit was exceeded, and its spans no longer wait. */
  state: 'waits' | 'gaveUp' | 'ended'
  /** How many spans were passed on early because of a limit. */
  early: number
}

/** The local roots with held spans. */
export interface WaitingRoots {
  /** Holds one span of a waiting root. If that exceeds a limit, this root or others give up. */
  add(root: LocalRoot, span: MarkableSpan): void
  /** Passes on a root's spans. */
  release(root: LocalRoot): void
  /** Passes on all spans, counting each as early on its root. */
  releaseAll(): void
}

/**
 * Keeps held spans within the limits. When one is exceeded, the oldest local roots give up: their spans are passed on as they
 * are, with a single warning.
 *
 * @example const waiting = waitingRoots((span) => next.onEnd(span), { maxSpans: 1000 })
 */
export function waitingRoots(goOn: (span: MarkableSpan) => void, limits: HoldLimits): WaitingRoots {
  const { maxSpansPerRoot = 1000, maxSpans = 20_000, maxAgeMs = 30_000, maxBytes = 64 * 1024 * 1024 } = limits
  /** Ordered by the time of each root's first held span. */
  const waiting = new Set<LocalRoot>()
  let spans = 0
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  const oldest = (): LocalRoot | undefined => waiting.values().next().value
  const release = (root: LocalRoot): void => {
    waiting.delete(root)
    const { held } = root
    spans -= held.length
    bytes -= root.bytes
    root.held = []
    root.bytes = 0
    for (const span of held) goOn(span)
  }
  const giveUp = (root: LocalRoot, limit: string): void => {
    sayOnce(
      `more than ${limit} are being held back: spans go out early, without the flags that are evaluated after they end`,
    )
    root.early += root.held.length
    root.state = 'gaveUp'
    release(root)
  }
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

  return {
    add(root, span) {
      const size = sizeOf(span)
      if (root.held.length >= maxSpansPerRoot) giveUp(root, `${maxSpansPerRoot} spans of one request`)
      while (spans > 0 && spans >= maxSpans) giveUp(oldest() as LocalRoot, `${maxSpans} spans`)
      while (spans > 0 && bytes + size > maxBytes) giveUp(oldest() as LocalRoot, `${maxBytes} bytes`)
      if (root.state !== 'waits') {
        root.early++
        goOn(span)
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
    },
    release,
    releaseAll() {
      for (const root of waiting) {
        root.early += root.held.length
        release(root)
      }
    },
  }
}

/** A rough estimate that errs on the high side. */
function sizeOf(span: MarkableSpan & { readonly events?: readonly unknown[] }): number {
  let size = 1000 + 500 * (span.events?.length ?? 0)
  for (const value of Object.values(span.attributes)) {
    size += 64 + (typeof value === 'string' || Array.isArray(value) ? value.length * 2 : 8)
  }
  return size
}
