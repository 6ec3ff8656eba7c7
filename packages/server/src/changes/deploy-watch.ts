import type { Context } from '../context.ts'

/** Detects builds that serve users for the first time. */
export interface DeployWatch {
  /** Call when ticks have closed: they may contain new builds. */
  readonly ticksClosed: () => void
  readonly close: () => Promise<void>
}

const everyMs = 30_000
// Ticks close late if spans arrive late, or after the server was down.
const lookBackMs = 15 * 60_000

/** Records deploys that nobody reported, so that they are known for longer than spans are kept. */
export function newDeployWatch({ store, now, warn }: Pick<Context, 'store' | 'now' | 'warn'>): DeployWatch {
  let nextMs = 0
  let looking: Promise<void> | undefined
  let isStuck = false

  const look = async (): Promise<void> => {
    try {
      await store.changes.noteServed(now() - lookBackMs)
      isStuck = false
    } catch (error) {
      if (!isStuck) warn(`new builds cannot be put on the timeline at the moment: ${(error as Error).message}`)
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
