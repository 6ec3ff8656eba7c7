import type { Outcome, Verdict } from '@coalmine/comparator'
import type { ComparisonRequest } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { newTurns } from '../turns.ts'
import { type ComparisonView, viewOf } from './view.ts'

/** The views of comparisons: computed when somebody looks, and stored when a comparison is over. */
export interface Views {
  /** The view of a comparison for its last verdict; for one that is over, the stored view if there is one. */
  readonly of: (id: string, verdict: Verdict, asked: Asked) => Promise<ComparisonView>
  /** Computes the view once more and stores it; for a comparison that is over. */
  readonly keep: (id: string, verdict: Verdict, request: ComparisonRequest) => Promise<void>
  /** Cancels views being computed, and waits until nothing reads the store any more. */
  readonly close: () => Promise<void>
}

/** A comparison's state besides its verdict. */
export interface Asked {
  readonly isOver: boolean
  /** Throws if this release no longer accepts the request. */
  readonly request: () => ComparisonRequest
}

interface Cached {
  readonly view: ComparisonView
  /** The outcome it belongs to: an invalid verdict may end at the same moment as the next one, and has no charts. */
  readonly outcome: Outcome
  readonly atMs: number
  readonly tookMs: number
}

const mostCached = 20
// At most this share of time is spent on the views of one comparison.
const shareOfTime = 0.1

/** The views of a server, computed one at a time. */
export function newViews(context: Context): Views {
  const { store, warn } = context
  const cached = new Map<string, Cached>()
  const underWay = new Map<string, Promise<ComparisonView>>()
  const lane = newTurns(1)
  const closing = new AbortController()
  const keeping = new Set<Promise<void>>()

  const workOut = async (id: string, verdict: Verdict, request: ComparisonRequest): Promise<ComparisonView> => {
    const view = await lane.take(
      () => closing.signal.aborted,
      async () => {
        const began = performance.now()
        const view = await viewOf(request, verdict, context, closing.signal)
        cached.delete(id)
        cached.set(id, { view, outcome: verdict.verdict, atMs: performance.now(), tookMs: performance.now() - began })
        return view
      },
    )
    for (const oldest of cached.keys()) {
      if (cached.size <= mostCached) break
      cached.delete(oldest)
    }
    return view
  }

  /** Concurrent requests for the same view share one computation. */
  const begin = (id: string, verdict: Verdict, request: ComparisonRequest): Promise<ComparisonView> => {
    const key = `${id} ${verdict.verdict} ${verdict.window.end}`
    const begun = underWay.get(key) ?? workOut(id, verdict, request).finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }

  const kept = async (id: string): Promise<ComparisonView | null> => {
    const view = await store.views.of(id)
    return view === undefined ? null : (JSON.parse(view) as ComparisonView)
  }

  const isOf = ({ outcome, view }: Cached, verdict: Verdict): boolean =>
    outcome === verdict.verdict && view.until === verdict.window.end

  const isFresh = (one: Cached, verdict: Verdict): boolean =>
    isOf(one, verdict) || (one.outcome === verdict.verdict && performance.now() - one.atMs < one.tookMs / shareOfTime)

  return {
    of: async (id, verdict, { isOver, request }) => {
      const one = cached.get(id)
      // A comparison that is over is shown as it ended.
      if (one && (isOver ? isOf(one, verdict) : isFresh(one, verdict))) return one.view
      const found = isOver ? await kept(id) : null
      if (found) return found
      return begin(id, verdict, request())
    },
    keep: async (id, verdict, request) => {
      const kept = keepOne(id, verdict, request).catch((error: Error) => {
        if (!closing.signal.aborted) warn(`comparison ${id}: its charts could not be stored: ${error.message}`)
      })
      keeping.add(kept)
      await kept
      keeping.delete(kept)
    },
    close: async () => {
      closing.abort()
      await Promise.allSettled([...underWay.values(), ...keeping])
    },
  }

  async function keepOne(id: string, verdict: Verdict, request: ComparisonRequest): Promise<void> {
    const one = cached.get(id)
    const view = one && isOf(one, verdict) ? one.view : await begin(id, verdict, request)
    await store.views.keep(id, JSON.stringify(view))
  }
}
