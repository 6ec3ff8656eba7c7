import { getOrMake } from '../get-or-make.ts'
import { tickSeconds } from '../tick.ts'
import { type ArrivalLags, waitMs } from './arrival-lags.ts'

/**
 * A tick of one service that is not closed yet. `firstArrivalMs` is undefined while all of its spans are from imports, and `leftMs`
 * is undefined unless the tick was open when the store was opened.
 */
interface Pending {
  spans: number
  /** When the first of them started, in seconds since 1970. */
  since: number
  firstArrivalMs: number | undefined
  leftMs: number | undefined
  inFlight: number
  holds: number
  /** When the engine stored the last of them, by this process's own clock. */
  storedAt: number
}

/** The spans of a service's tick: its start, their number, and when the first of them started, in seconds since 1970. */
export interface TickKey {
  readonly service: string
  readonly tick: number
  readonly spans: number
  readonly since: number
}

/** Keeps the ticks of an import open until it ends. */
export interface Hold {
  readonly ticks: Map<string, Set<number>>
}

/**
 * Which ticks are open and which are closed. A tick closes once, and spans that arrive later are late. Only an import reopens
 * it, to close it again with the imported spans.
 */
export interface TickLedger {
  readonly open: Map<string, Map<number, Pending>>
  readonly closed: Map<string, Set<number>>
  /** Ticks before this second count as closed, because other processes close ticks too and not all of those are known. */
  closedBefore: number
  /** How late each service's spans arrive. */
  readonly lags: ArrivalLags
}

/** A ledger with nothing open. */
export function newTickLedger(closed: readonly { service: string; ticks: readonly number[] }[]): TickLedger {
  return {
    open: new Map(),
    closed: new Map(closed.map(({ service, ticks }) => [service, new Set(ticks)])),
    closedBefore: 0,
    lags: new Map(),
  }
}

/** Whether a span that arrives for a tick now is late. */
export function isClosed(ledger: TickLedger, service: string, tick: number): boolean {
  const reopened = ledger.open.get(service)?.has(tick) ?? false
  return !reopened && (tick < ledger.closedBefore || (ledger.closed.get(service)?.has(tick) ?? false))
}

/** Call this before spans go to the engine: their tick cannot close until `settle` is called for them. */
export function expect(ledger: TickLedger, key: TickKey, nowMs: number, hold?: Hold): void {
  const ticks = getOrMake(ledger.open, key.service, () => new Map<number, Pending>())
  const pending = getOrMake(ticks, key.tick, newPending)
  pending.since = Math.min(pending.since, key.since)
  pending.inFlight++
  if (hold) holdTick(hold, key, pending)
  else pending.firstArrivalMs ??= nowMs
}

/** Adds ticks that a crash left open. More spans may come, so they wait as if their spans had just arrived. */
export function leave(ledger: TickLedger, keys: readonly TickKey[], nowMs: number): void {
  for (const { service, tick, spans, since } of keys) {
    const ticks = getOrMake(ledger.open, service, () => new Map<number, Pending>())
    if (!ticks.has(tick)) ticks.set(tick, { ...newPending(), spans, since, leftMs: nowMs })
  }
}

/** An import resumes after a crash: the ticks that the crash left open wait for this import, and for nothing else. */
export function claimLeft(ledger: TickLedger, hold: Hold): void {
  for (const [service, ticks] of ledger.open)
    for (const [tick, pending] of ticks) {
      if (pending.leftMs === undefined) continue
      pending.leftMs = undefined
      holdTick(hold, { service, tick }, pending)
    }
}

function holdTick(hold: Hold, { service, tick }: Pick<TickKey, 'service' | 'tick'>, pending: Pending): void {
  const held = getOrMake(hold.ticks, service, () => new Set<number>())
  if (held.has(tick)) return
  held.add(tick)
  pending.holds++
}

/** Call this when the engine has stored the spans, or has refused them. */
export function settle(ledger: TickLedger, { service, tick, spans }: TickKey, stored: boolean): void {
  const pending = ledger.open.get(service)?.get(tick)
  if (!pending) return
  pending.inFlight--
  if (stored) {
    pending.spans += spans
    pending.storedAt = performance.now()
  }
  forgetEmpty(ledger, service, tick, pending)
}

/** An import has ended: its ticks no longer wait for it. */
export function release(ledger: TickLedger, hold: Hold): void {
  for (const [service, ticks] of hold.ticks)
    for (const tick of ticks) {
      const pending = ledger.open.get(service)?.get(tick)
      if (!pending) continue
      pending.holds--
      forgetEmpty(ledger, service, tick, pending)
    }
  hold.ticks.clear()
}

/**
 * The ticks to close now, oldest first: those whose end and first arrival are at least a watermark ago, or longer for services whose
 * spans are known to arrive later. A tick with imported spans only is due as soon as the imports end, because no more will come.
 */
export function dueTicks(ledger: TickLedger, nowMs: number, watermarkMs: number): TickKey[] {
  const due: TickKey[] = []
  for (const [service, ticks] of ledger.open) {
    const wait = waitMs(ledger.lags, service, nowMs, watermarkMs)
    for (const [tick, pending] of ticks) {
      if (pending.inFlight > 0 || pending.holds > 0) continue
      const since = waitsSince(pending)
      if (since === undefined || nowMs >= dueMs(tick, since) + wait)
        due.push({ service, tick, spans: pending.spans, since: pending.since })
    }
  }
  return due.sort((a, b) => a.tick - b.tick)
}

/** Closes ticks: spans that arrive for them from now on are late. */
export function close(ledger: TickLedger, keys: readonly Pick<TickKey, 'service' | 'tick'>[]): void {
  for (const { service, tick } of keys) {
    const ticks = ledger.open.get(service)
    ticks?.delete(tick)
    if (ticks?.size === 0) ledger.open.delete(service)
    getOrMake(ledger.closed, service, () => new Set<number>()).add(tick)
  }
}

/** Reopens ticks whose closing failed, as if their spans had arrived at `nowMs`. */
export function reopen(ledger: TickLedger, keys: readonly TickKey[], nowMs: number): void {
  for (const { service, tick, spans, since } of keys) {
    ledger.closed.get(service)?.delete(tick)
    const ticks = getOrMake(ledger.open, service, () => new Map<number, Pending>())
    // An import may have reopened it meanwhile.
    const pending = getOrMake(ticks, tick, newPending)
    pending.spans += spans
    pending.since = Math.min(pending.since, since)
    pending.firstArrivalMs ??= nowMs
  }
}

/** Adds a tick whose spans were stored by others. It is due a watermark after its end. */
export function discover(ledger: TickLedger, { service, tick, spans, since }: TickKey): void {
  if (isClosed(ledger, service, tick)) return
  const ticks = getOrMake(ledger.open, service, () => new Map<number, Pending>())
  if (!ticks.has(tick)) ticks.set(tick, { ...newPending(), spans, since, firstArrivalMs: (tick + tickSeconds) * 1000 })
}

/** Makes a tick due now, even if it counts as closed: a back-fill found that nobody closed it. */
export function dueAtOnce(ledger: TickLedger, { service, tick, spans, since }: TickKey): void {
  const ticks = getOrMake(ledger.open, service, () => new Map<number, Pending>())
  if (!ticks.has(tick)) ticks.set(tick, { ...newPending(), spans, since })
}

/**
 * Another server closed a tick and counted the spans stored before `sawAllUntil`, by this process's own clock. If there are more,
 * the tick is due at once, to be closed again with them.
 */
export function closedByOthers(ledger: TickLedger, key: Pick<TickKey, 'service' | 'tick'>, sawAllUntil: number): void {
  if (isClosed(ledger, key.service, key.tick)) return
  const pending = ledger.open.get(key.service)?.get(key.tick)
  if (pending && (pending.inFlight > 0 || pending.holds > 0 || pending.storedAt >= sawAllUntil))
    pending.firstArrivalMs = undefined
  else close(ledger, [key])
}

/** Forgets which ticks before a second are closed. From now on, all of them count as closed. */
export function forgetBefore(ledger: TickLedger, second: number): void {
  ledger.closedBefore = second
  for (const ticks of ledger.closed.values()) for (const tick of ticks) if (tick < second) ticks.delete(tick)
}

/** All ticks that are open. */
export function allOpen(ledger: TickLedger): TickKey[] {
  const keys: TickKey[] = []
  for (const [service, ticks] of ledger.open)
    for (const [tick, { spans, since }] of ticks) keys.push({ service, tick, spans, since })
  return keys
}

/** The open ticks of a service, and the spans stored in them. */
export function openTicks(ledger: TickLedger, service: string): { ticks: number; spans: number } {
  const pending = [...(ledger.open.get(service)?.values() ?? [])]
  return { ticks: pending.length, spans: pending.reduce((sum, { spans }) => sum + spans, 0) }
}

/** Seconds until the last open tick of a service is due; 0 if none is open. */
export function secondsOpen(ledger: TickLedger, service: string, nowMs: number, watermarkMs: number): number {
  let last = nowMs
  const wait = waitMs(ledger.lags, service, nowMs, watermarkMs)
  for (const [tick, pending] of ledger.open.get(service) ?? []) {
    const since = waitsSince(pending)
    if (since !== undefined) last = Math.max(last, dueMs(tick, since) + wait)
  }
  return Math.ceil((last - nowMs) / 1000)
}

/** The number of open ticks of all services, and when the first of them is due. */
export function waiting(
  ledger: TickLedger,
  nowMs: number,
  watermarkMs: number,
): { ticks: number; oldestDueMs: number | undefined } {
  let ticks = 0
  let oldestDueMs: number | undefined
  for (const [service, pending] of ledger.open) {
    const wait = waitMs(ledger.lags, service, nowMs, watermarkMs)
    for (const [tick, one] of pending) {
      ticks++
      const since = waitsSince(one)
      if (since === undefined) continue
      const due = dueMs(tick, since) + wait
      if (oldestDueMs === undefined || due < oldestDueMs) oldestDueMs = due
    }
  }
  return { ticks, oldestDueMs }
}

const newPending = (): Pending => ({
  spans: 0,
  since: Number.POSITIVE_INFINITY,
  firstArrivalMs: undefined,
  leftMs: undefined,
  inFlight: 0,
  holds: 0,
  storedAt: Number.NEGATIVE_INFINITY,
})

const waitsSince = ({ firstArrivalMs, leftMs }: Pending): number | undefined => firstArrivalMs ?? leftMs

const dueMs = (tick: number, since: number): number => Math.max((tick + tickSeconds) * 1000, since)

function forgetEmpty(ledger: TickLedger, service: string, tick: number, pending: Pending): void {
  if (pending.spans > 0 || pending.inFlight > 0 || pending.holds > 0) return
  const ticks = ledger.open.get(service)
  ticks?.delete(tick)
  if (ticks?.size === 0) ledger.open.delete(service)
}
