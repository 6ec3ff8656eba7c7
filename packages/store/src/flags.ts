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

/** What is known of flags: which variants users met, when, and in which builds. */
export interface Flags {
  /**
   * What became of flags, of one service or all, of one flag or all, with the requests of the last so many days. Hours that are
   * over and not summed up yet are summed up before, where it may be written.
   */
  readonly life: (asked: {
    readonly service?: string | undefined
    readonly flag?: string | undefined
    readonly days: readonly number[]
  }) => Promise<FlagLife>
  /** Sums up hours that are over, so that a flag is known when its spans are gone; says how many. Done where it may be written. */
  readonly sumUp: (service?: string) => Promise<number>
  /** How many requests met each variant in each minute, as far as ticks have closed; none where there are spans alone. */
  readonly minutes: (asked: FlagMinutesAsked) => Promise<readonly FlagMinute[]>
  /** Changes of flags that applications told in their spans since a moment. */
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
// Hours of services that are summed up at once: a few seconds of work.
const mostAtOnce = 200

/** The flags of an engine's store. */
export function flagsOf(engine: Engine, { access, isSpent, retentionDays, now }: Options): Flags {
  // Hours before it have lost spans, and are known by their sums alone.
  const keptFrom = (): number => Math.max(0, thisHour() - retentionDays * daySeconds + hourSeconds)
  // An hour whose last ticks are still to close would be summed up twice.
  const thisHour = (): number => Math.floor((now() - settledMs) / 3_600_000) * hourSeconds
  const mayWrite = (): boolean => access === 'all' && !isSpent()

  const sumSome = async (some: readonly { readonly service: string; readonly hour: number }[]): Promise<void> => {
    const hours = some.map(({ hour }) => hour)
    const services = some.map(({ service }) => service)
    const window = { from: Math.min(...hours), to: Math.max(...hours) + hourSeconds }
    // Asked before they are read: what closes meanwhile makes it another name, and the hour is summed up anew.
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

  // When all hours of all services were looked at, in seconds since 1970.
  let summedTo = 0

  const sumUp = async (service = '', isRecent = false): Promise<number> => {
    const until = thisHour()
    // Whoever asks does not look through all that is kept once more.
    const from = isRecent && summedTo > 0 ? Math.max(keptFrom(), summedTo - lookAgainSeconds) : keptFrom()
    if (!mayWrite() || from >= until) return 0
    // The newest hours first.
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
