import type { Context } from '../context.ts'
import { newTicksWatch, type TicksWatch } from '../ticks-watch.ts'
import type { FlagVerdicts } from './flag-verdicts.ts'
import { newTurnedFlags } from './turned-flags.ts'

const usualMs = 30_000

/** Records turns of flags on the timeline, and has each judged. */
export function newFlagWatch(
  context: Pick<Context, 'store' | 'now' | 'warn'>,
  verdicts: Pick<FlagVerdicts, 'look'>,
  everyMs: number = usualMs,
): TicksWatch {
  const { now, warn } = context
  const turned = newTurnedFlags(context, 4 * everyMs)
  const look = async (): Promise<void> => {
    await turned.look()
    await verdicts.look()
  }
  return newTicksWatch(look, { now, warn, everyMs, cannot: 'flags that are turned are not judged for now' })
}
