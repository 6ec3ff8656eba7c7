/** Spans or log records that were not stored although the request was valid; OTLP calls it a partial success. */
export interface Refusals {
  count: number
  why: string | undefined
}

/** Which times are stored, in nanoseconds since 1970: within the retention, and not more than an hour ahead. */
export interface TimeWindow {
  readonly oldestNs: bigint
  readonly newestNs: bigint
}

/** The name the conventions give to a service whose resource has none. */
export const unknownService = 'unknown_service'

/** Creates an empty count. */
export function noRefusals(): Refusals {
  return { count: 0, why: undefined }
}

/** Counts a refused item; the first reason is kept. */
export function refuse(refusals: Refusals, at: string, why: string): void {
  refusals.count++
  refusals.why ??= `${at}: ${why}`
}

/** The times accepted now. */
export function timeWindow(nowMs: number, retentionDays: number): TimeWindow {
  return {
    oldestNs: BigInt(nowMs - retentionDays * 86_400_000) * 1_000_000n,
    newestNs: BigInt(nowMs + 3_600_000) * 1_000_000n,
  }
}

/** Why a span that starts at this time is refused; undefined if it is accepted. */
export function refusalOfStart(startNs: bigint, window: TimeWindow): string | undefined {
  return refusalOf('starts at', startNs, window)
}

/** Why a log record of this time is refused; undefined if it is accepted. */
export function refusalOfTime(timeNs: bigint, window: TimeWindow): string | undefined {
  return refusalOf('is of', timeNs, window)
}

function refusalOf(what: string, ns: bigint, { oldestNs, newestNs }: TimeWindow): string | undefined {
  if (ns < oldestNs) return `${what} ${iso(ns)}, older than what the store keeps (--keep)`
  if (ns > newestNs) return `${what} ${iso(ns)}, ${ofFuture}`
  return undefined
}

const ofFuture = 'more than an hour from now'

/** Whether a span was refused because its time is in the future. */
export const isOfFuture = (why: string | undefined): why is string => why?.endsWith(ofFuture) ?? false

function iso(ns: bigint): string {
  return new Date(Number(ns / 1_000_000n)).toISOString()
}
