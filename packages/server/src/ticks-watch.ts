import type { Context } from './context.ts'

/** Looks at the store again once ticks have closed. */
export interface TicksWatch {
  /** Call when ticks have closed: they may contain something new. */
  readonly ticksClosed: () => void
  readonly close: () => Promise<void>
}

/**
 * Looks when ticks have closed, at most once in so many milliseconds and never twice at a time. Trouble is told when it begins, after
 * `cannot`, and not again until a look has succeeded.
 *
 * @example newTicksWatch(() => store.changes.noteServed(sinceMs), { now, warn, everyMs: 30_000, cannot: 'new builds cannot be recorded' })
 */
export function newTicksWatch(
  lookNow: () => Promise<unknown>,
  { now, warn, everyMs, cannot }: Pick<Context, 'now' | 'warn'> & { readonly everyMs: number; readonly cannot: string },
): TicksWatch {
  let nextMs = 0
  let looking: Promise<void> | undefined
  let isStuck = false

  const look = async (): Promise<void> => {
    try {
      await lookNow()
      isStuck = false
    } catch (error) {
      if (!isStuck) warn(`${cannot}: ${(error as Error).message}`)
      isStuck = true
    }
  }

  return {
    ticksClosed: () => {
      if (looking || now() < nextMs) return
      nextMs = now() + everyMs
      looking = look().finally(() => {
        looking = undefined
      })
    },
    close: async () => {
      nextMs = Number.POSITIVE_INFINITY
      await looking
    },
  }
}
