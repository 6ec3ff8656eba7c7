import { answerable } from '../errors.ts'
import type { Looked, Looks } from './looks.ts'
import type { Rounds } from './rounds.ts'
import type { RunLimits } from './start-request.ts'
import type { EndReason } from './state.ts'

/** What a running comparison needs. */
export interface Running {
  readonly limits: RunLimits
  readonly startedMs: number
  readonly looks: Pick<Looks, 'next' | 'whole' | 'isDue' | 'last'>
  readonly now: () => number
  readonly rounds: Pick<Rounds, 'current' | 'after'>
  readonly looked: (looked: Looked) => Promise<void>
  readonly troubled: (message: string) => void
  readonly ended: (why: EndReason, message?: string) => Promise<void>
}

/** Looks until it is settled, its time is up, the canary is gone, or it is stopped. */
export async function run(running: Running, stop: AbortSignal): Promise<void> {
  const { limits, startedMs, looks, rounds, now } = running
  let served = { requests: -1, atMs: now() }
  while (!stop.aborted) {
    const round = rounds.current()
    const looked = await looks.next().catch((error: unknown) => answerable(error))
    if (stop.aborted) return
    if (looked instanceof Error) {
      if (looked.kind === 'usage') return running.ended('refused', looked.message)
      running.troubled(looked.message)
    } else {
      if (looked) await running.looked(looked)
      // A request for the verdict may have looked meanwhile.
      const last = looks.last()
      if (last && last.canaryRequests !== served.requests) served = { requests: last.canaryRequests, atMs: now() }
      const why = last && endOf(last, limits, now() - startedMs, now() - served.atMs)
      if (why) {
        // It ends with a verdict on the whole window.
        const whole = looks.isDue(0) ? await looks.whole().catch(() => undefined) : undefined
        if (stop.aborted) return
        if (whole) await running.looked(whole)
        return running.ended(why)
      }
    }
    await rounds.after(round, stop)
  }
}

/** Why a look is the last one. */
function endOf(
  { look: { outcome }, isEarly, seconds }: Looked,
  { forMs, waitMs, earlyPass, idleMs: mostIdleMs }: RunLimits,
  waitedMs: number,
  idleMs: number,
): EndReason | undefined {
  if (outcome === 'fail') return 'settled'
  if (outcome === 'pass' && earlyPass) return 'settled'
  if (outcome === 'invalid') {
    if (!isEarly) return 'settled'
    return waitedMs >= waitMs ? 'time' : undefined
  }
  if (seconds * 1000 >= forMs || waitedMs >= forMs + waitMs) return 'time'
  return idleMs >= mostIdleMs ? 'idle' : undefined
}
