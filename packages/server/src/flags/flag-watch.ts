import type { Context } from '../context.ts'
import type { FlagVerdicts } from './flag-verdicts.ts'
import { newTurnedFlags } from './turned-flags.ts'

/** Detects turned flags and judges the effect. */
export interface FlagWatch {
  /** Call when ticks have closed: they may show a turn. */
  readonly ticksClosed: () => void
  readonly close: () => Promise<void>
}

const usualMs = 30_000

/** Records turns of flags on the timeline, and has each judged. */
export function newFlagWatch(
  context: Pick<Context, 'store' | 'now' | 'warn'>,
  verdicts: Pick<FlagVerdicts, 'look'>,
  everyMs: number = usualMs,
): FlagWatch {
  const { now, warn } = context
  const turned = newTurnedFlags(context, 4 * everyMs)
  let nextMs = 0
  let looking: Promise<void> | undefined
  let isStuck = false

  const look = async (): Promise<void> => {
    try {
      await turned.look()
      await verdicts.look()
      isStuck = false
    } catch (error) {
      if (!isStuck) warn(`flags that are turned are not judged for now: ${(error as Error).message}`)
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
