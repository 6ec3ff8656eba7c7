import { setTimeout } from 'node:timers/promises'
import { progressOf } from '@coalmine/server'
import { CommandError } from './exit-codes.ts'
import { type Io, tell } from './io.ts'

/** Waiting for a store that another process has. */
export interface Patience {
  /**
   * Waits a moment. False, at once, when the process that has the store has not got on for so long that there is no use in
   * waiting on. `why` is said on a terminal, once, when waiting has taken a second. Throws when the user stops it.
   */
  readonly wait: (why?: string) => Promise<boolean>
}

/** What patience needs of the world; milliseconds. */
export interface Clock {
  readonly now: () => number
  readonly sleep: (ms: number, stop: AbortSignal) => Promise<unknown>
}

/** How long a process that has the store may be seen without progress. */
const stalledMs = 10_000
/** And how often: where others keep the machine busy, we are as slow to look as it is to get on. */
const fewestLooks = 5
const saidAfterMs = 1_000
const [firstPauseMs, longestPauseMs] = [50, 500]

const real: Clock = { now: () => performance.now(), sleep: (ms, signal) => setTimeout(ms, undefined, { signal }) }

/**
 * Patience with whoever has a store's directory open: it has no end while that one gets on with its statements, or another
 * takes its place (`progressOf`), and ends after ten seconds without progress.
 */
export function newPatience(store: string, io: Pick<Io, 'stderr' | 'stop'>, { now, sleep }: Clock = real): Patience {
  const began = now()
  let pause = firstPauseMs
  let said = false
  let seen: { progress: string | undefined; at: number; looks: number } | undefined

  return {
    wait: async (why) => {
      const progress = await progressOf(store)
      if (!seen || progress !== seen.progress) seen = { progress, at: now(), looks: 0 }
      else if (++seen.looks >= fewestLooks && now() - seen.at >= stalledMs) return false
      if (why !== undefined && !said && io.stderr.isTTY && now() - began >= saidAfterMs) {
        said = true
        tell(io, `waiting: ${why}`)
      }
      await sleep(pause, io.stop).catch(() => undefined)
      if (io.stop.aborted)
        throw new CommandError('interrupted', `stopped while store ${store} was held by another process`)
      pause = Math.min(2 * pause, longestPauseMs)
      return true
    },
  }
}
