import { tickSeconds } from '../tick.ts'

/**
 * How long after the end of a tick the spans of each service still arrive. Ticks wait for a service that was late once, so a
 * client that exports once a minute is late for its first minute only.
 */
export type ArrivalLags = Map<string, { ms: number; untilMs: number }>

// Spans even later than this are an exception, not a pattern: nothing waits for them.
const mostLagMs = 90_000
// A pattern recurs within this time.
const rememberedMs = 180_000
const marginMs = 5_000

/** Records that spans of a tick arrived; `late` if it had closed. */
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

/** How long a tick of a service waits: a watermark, or longer if its spans are known to arrive later. */
export function waitMs(lags: ArrivalLags, service: string, nowMs: number, watermarkMs: number): number {
  const known = lags.get(service)
  if (known === undefined || known.untilMs < nowMs) return watermarkMs
  return Math.max(watermarkMs, known.ms + marginMs)
}
