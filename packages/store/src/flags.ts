import type { Engine } from './engine/engine.ts'
import { newBatchId } from './ingest/batch-id.ts'
import { commitFlagDay, sumFlagDay, unsummedFlagDays } from './ingest/summed-flag-days.ts'
import { closingsOfFlagHours, commitFlagHours, sumFlagHours } from './ingest/summed-flag-hours.ts'
import { unsummedFlagHours } from './ingest/summed-hours.ts'
import type { Access } from './opening.ts'
import { type FlagLife, flagDays, flagLife, flagLifeOfSpans } from './read/flag-life.ts'
import {
  type FlagChangeTold,
  type FlagMinute,
  type FlagMinutesAsked,
  flagChangesTold,
  flagMinutes,
} from './read/flag-minutes.ts'
import { sinceOf } from './tick.ts'

/** The history of flags: which variants users met, when, and in which builds. */
export interface Flags {
  /**
   * The history of flags, of one service or all, of one flag or all, with the requests of the last few days. Completed
   * hours are summed up first, unless the store is read-only.
   */
  readonly life: (asked: {
    readonly service?: string | undefined
    readonly flag?: string | undefined
    readonly days: readonly number[]
  }) => Promise<FlagLife>
  /** Sums up completed hours, so that flags outlive their spans. Resolves to the number of hours; 0 if read-only. */
  readonly sumUp: (service?: string) => Promise<number>
  /** Requests per variant and minute, up to the last closed tick; empty if only spans can be read. */
  readonly minutes: (asked: FlagMinutesAsked) => Promise<readonly FlagMinute[]>
  /** Flag changes that applications reported in their spans since `sinceMs`. */
  readonly told: (sinceMs: number) => Promise<readonly FlagChangeTold[]>
}

interface Options {
  readonly access: Access
  readonly isSpent: () => boolean
  readonly retentionDays: number
  readonly now: () => number
}

const hourSeconds = 3600
const settledMs = 120_000
const lookAgainSeconds = 6 * hourSeconds
const daySeconds = 86_400
// Service hours to sum up at once: a few seconds of work.
const mostAtOnce = 200

/** Reads and sums up flags in an engine's store. */
export function flagsOf(engine: Engine, { access, isSpent, retentionDays, now }: Options): Flags {
  // Earlier hours have lost spans to retention; only their sums are left.
  const keptFrom = (): number => Math.max(0, thisHour() - retentionDays * daySeconds + hourSeconds)
  // An hour with ticks yet to close would be summed up twice.
  const thisHour = (): number => Math.floor((now() - settledMs) / 3_600_000) * hourSeconds
  const mayWrite = (): boolean => access === 'all' && !isSpent()

  const sumSome = async (some: readonly { readonly service: string; readonly hour: number }[]): Promise<void> => {
    const hours = some.map(({ hour }) => hour)
    const services = some.map(({ service }) => service)
    const window = { from: Math.min(...hours), to: Math.max(...hours) + hourSeconds }
    // Queried before the ticks are read: a tick that closes meanwhile changes this value, and the hour is summed up anew.
    const closed = await engine.read<{ service: string; hour: number; closings: string }>(closingsOfFlagHours, {
      services,
      hours,
      ...window,
    })
    const sum = newBatchId()
    await engine.writeOnce(sumFlagHours, { sum, services, hours, since: sinceOf(window.from), ...window })
    await engine.write(commitFlagHours, {
      sum,
      services: closed.map(({ service }) => service),
      hours: closed.map(({ hour }) => hour),
      closings: closed.map(({ closings }) => closings),
    })
  }

  // The time up to which the hours of all services were checked, in seconds since 1970.
  let summedTo = 0

  const sumUp = async (service = '', isRecent = false): Promise<number> => {
    const until = thisHour()
    // Saves readers from checking all stored hours again.
    const from = isRecent && summedTo > 0 ? Math.max(keptFrom(), summedTo - lookAgainSeconds) : keptFrom()
    if (!mayWrite() || from >= until) return 0
    // Newest hours first.
    const found = await engine.read<{ service: string; hour: number }>(unsummedFlagHours, { service, from, to: until })
    let some: typeof found = []
    for (const one of found) {
      const isFull = some.length >= mostAtOnce || (some.length > 0 && some[0]!.hour - one.hour >= daySeconds)
      if (isFull) await sumSome(some)
      some = isFull ? [one] : [...some, one]
    }
    if (some.length > 0) await sumSome(some)
    await sumDays(service, isRecent && summedTo > 0)
    if (service === '') summedTo = until
    return found.length
  }

  const today = (): number => Math.floor(thisHour() / daySeconds) * daySeconds

  const sumDays = async (service: string, isRecent: boolean): Promise<void> => {
    const to = today()
    const from = to - (isRecent ? 2 : flagDays) * daySeconds
    const params = { service, from, to }
    const found = await engine.read<{ service: string; day: number; hours: string }>(unsummedFlagDays, params)
    for (const day of new Set(found.map((one) => one.day))) {
      const some = found.filter((one) => one.day === day)
      const services = some.map((one) => one.service)
      const sum = newBatchId()
      await engine.writeOnce(sumFlagDay, { sum, service, services, from: day, to: day + daySeconds })
      await engine.write(commitFlagDay, { sum, services, hours: some.map(({ hours }) => hours), from: day })
    }
  }

  return {
    sumUp: (service) => sumUp(service),
    minutes: async (asked) => (access === 'spans' ? [] : flagMinutes(engine, asked)),
    told: (sinceMs) => flagChangesTold(engine, sinceMs),
    life: async ({ service = '', flag = '', days }) => {
      const until = Math.floor(now() / 1000)
      if (access === 'spans') return flagLifeOfSpans(engine, { service, flag, days, hours: 0, ticks: 0, until })
      await sumUp(service, true)
      const ticks = mayWrite() ? thisHour() : keptFrom()
      const hours = mayWrite() ? today() : 0
      return flagLife(engine, { service, flag, days, hours, ticks, until })
    },
  }
}
