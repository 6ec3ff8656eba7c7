import { setTimeout } from 'node:timers/promises'
import { progressOf } from '@coalmine/server/location'
import { CommandError } from './exit-codes.ts'
import { type Io, tell } from './io.ts'

/** Waits for a store that another process holds. */
export interface Patience {
  /**
   * Waits a moment. Returns false at once if the process that holds the store has made no progress for too long. After a
   * second of waiting, prints `why` once, on a terminal. Throws if the user stops it.
   */
  readonly wait: (why?: string) => Promise<boolean>
}

/** The current time and a sleep, in milliseconds. */
export interface Clock {
  readonly now: () => number
  readonly sleep: (ms: number, stop: AbortSignal) => Promise<unknown>
}

/** How long the process that holds the store may make no progress. */
const stalledMs = 10_000
/** How many checks must see no progress: on a busy machine, our checks are as slow as the other process. */
const fewestLooks = 5
const saidAfterMs = 1_000
const [firstPauseMs, longestPauseMs] = [50, 500]

const real: Clock = { now: () => performance.now(), sleep: (ms, signal) => setTimeout(ms, undefined, { signal }) }

/**
 * Waits for the process that has a store's directory open, as long as it makes progress with its statements or another
 * process replaces it (`progressOf`). Gives up after ten seconds without progress.
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
