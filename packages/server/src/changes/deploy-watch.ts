import type { Context } from '../context.ts'
import { newTicksWatch, type TicksWatch } from '../ticks-watch.ts'

const everyMs = 30_000
// Ticks close late if spans arrive late, or after the server was down.
const lookBackMs = 15 * 60_000

/** Records deploys that nobody reported, so that they are known for longer than spans are kept. */
export function newDeployWatch({ store, now, warn }: Pick<Context, 'store' | 'now' | 'warn'>): TicksWatch {
  return newTicksWatch(() => store.changes.noteServed(now() - lookBackMs), {
    now,
    warn,
    everyMs,
    cannot: 'new builds cannot be put on the timeline at the moment',
  })
}
