import type { Outcome, Verdict } from '@coalmine/comparator'
import { answerable } from '../errors.ts'
import type { RunLimits } from './start-request.ts'
import type { EndReason } from './state.ts'

/** What a comparison that runs works with. */
export interface Running {
  readonly limits: RunLimits
  readonly startedMs: number
  /** What its last look said before the server was started again. */
  readonly outcome: Outcome | null
  readonly look: () => Promise<Verdict>
  readonly now: () => number
  /** Waits for the next look; settled at once when it is stopped. */
  readonly pause: (stop: AbortSignal) => Promise<void>
  readonly looked: (verdict: Verdict, before: Outcome | null) => Promise<void>
  readonly troubled: (message: string) => void
  readonly ended: (why: EndReason, message?: string) => Promise<void>
}

/** Looks until it is settled, its time is up, the canary is gone, or it is stopped. */
export async function run(running: Running, stop: AbortSignal): Promise<void> {
  const { limits, startedMs, now } = running
  let before = running.outcome
  let served = { requests: -1, atMs: now() }
  while (!stop.aborted) {
    const verdict = await running.look().catch((error: unknown) => answerable(error))
    if (stop.aborted) return
    if (verdict instanceof Error) {
      if (verdict.kind === 'usage') return running.ended('refused', verdict.message)
      running.troubled(verdict.message)
    } else {
      await running.looked(verdict, before)
      before = verdict.verdict
      const { requests } = verdict.cohorts.canary
      if (requests !== served.requests) served = { requests, atMs: now() }
      const why = endOf(verdict, limits, now() - startedMs, now() - served.atMs)
      if (why) return running.ended(why)
    }
    await running.pause(stop)
  }
}

/** Why a look is the last one. */
function endOf(verdict: Verdict, limits: RunLimits, waitedMs: number, idleMs: number): EndReason | undefined {
  const { forMs, waitMs, earlyPass } = limits
  if (verdict.verdict === 'fail') return 'settled'
  if (verdict.verdict === 'pass' && earlyPass) return 'settled'
  if (verdict.verdict === 'invalid') {
    if (!isEarly(verdict)) return 'settled'
    return waitedMs >= waitMs ? 'time' : undefined
  }
  if (verdict.window.seconds * 1000 >= forMs || waitedMs >= forMs + waitMs) return 'time'
  return idleMs >= limits.idleMs ? 'idle' : undefined
}

/** Whether more spans may mend it: at the start of a deploy one cohort is empty for a while. */
function isEarly(verdict: Verdict): boolean {
  return verdict.reasons.some(({ code }) => code === 'no-data' || code === 'never-concurrent')
}
