import { tickSeconds } from '../tick.ts'

/**
 * How long after the end of a tick spans of a service still come: a service that was late once is waited for, so that a
 * client that exports once a minute is late for its first minute only.
 */
export type ArrivalLags = Map<string, { ms: number; untilMs: number }>

// What comes even later is a repair, not a habit: nobody waits for it.
const mostLagMs = 90_000
// A habit shows again within this.
const rememberedMs = 180_000
const marginMs = 5_000

/** Spans of a tick came: `late` when it had closed. */
export function noteArrival(
  lags: ArrivalLags,
  { service, tick }: { readonly service: string; readonly tick: number },
  nowMs: number,
  late: boolean,
): void {
  const ms = nowMs - (tick + tickSeconds) * 1000
  const known = lags.get(service)
  const counts = known !== undefined && known.untilMs >= nowMs
  if (late && ms <= mostLagMs && (!counts || ms > known.ms)) lags.set(service, { ms, untilMs: nowMs + rememberedMs })
  else if (counts && ms * 2 >= known.ms) known.untilMs = nowMs + rememberedMs
}

/** How long a tick of a service waits: a watermark, or longer for who is known to come later. */
export function waitMs(lags: ArrivalLags, service: string, nowMs: number, watermarkMs: number): number {
  const known = lags.get(service)
  if (known === undefined || known.untilMs < nowMs) return watermarkMs
  return Math.max(watermarkMs, known.ms + marginMs)
}
