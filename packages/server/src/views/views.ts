import type { Outcome, Verdict } from '@coalmine/comparator'
import type { ComparisonRequest } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { newTurns } from '../turns.ts'
import { type ComparisonView, viewOf } from './view.ts'

/** What people look at beside the verdicts of comparisons: worked out when somebody looks, and kept when one is over. */
export interface Views {
  /** The view of a comparison and its last verdict; of one that is over what was kept, where something was. */
  readonly of: (id: string, verdict: Verdict, asked: Asked) => Promise<ComparisonView>
  /** Works it out once more and keeps it; for a comparison that is over. */
  readonly keep: (id: string, verdict: Verdict, request: ComparisonRequest) => Promise<void>
  /** Gives up what is being worked out, and waits until nothing reads the store any more. */
  readonly close: () => Promise<void>
}

/** What is known of a comparison besides its verdict. */
export interface Asked {
  readonly isOver: boolean
  /** Throws where this release does not take it any more. */
  readonly request: () => ComparisonRequest
}

interface Cached {
  readonly view: ComparisonView
  /** Of which verdict it is: one that is invalid may end where the next one does, and has no charts. */
  readonly outcome: Outcome
  readonly atMs: number
  readonly tookMs: number
}

const mostCached = 20
// Of the time that passes, at most so much is spent on views of one comparison.
const shareOfTime = 0.1

/** The views of a server. One is worked out at a time. */
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

  /** Whoever asks for the same view meanwhile waits for the same one. */
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
      // What is over is shown as it ended.
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
