import type { Comparison } from './comparison.ts'
import type { Engine } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import { newBatchId } from './ingest/batch-id.ts'
import { closingsOfHours, commitHours, sumHours, unsummedHours } from './ingest/summed-hours.ts'
import type { Access } from './opening.ts'
import {
  type BudgetAsked,
  type BudgetCounts,
  budgetCounts,
  closedServices,
  lastClosed,
  operationsSeen,
  ticksFrom,
} from './read/budget-counts.ts'
import { type CohortBad, cohortBad } from './read/cohort-bad.ts'

/** The counts behind error budgets: users' requests in a month, and how many of them were bad. */
export interface Budgets {
  /**
   * The bad requests of some journeys of a service, by build; undefined if the service has no closed tick. Throws a
   * StoreError of kind `usage` if only spans can be read.
   */
  readonly counts: (asked: BudgetAsked) => Promise<BudgetCounts | undefined>
  /** The bad requests of each cohort of a comparison, for each journey; undefined if closed ticks cannot tell the cohorts apart. */
  readonly ofCohorts: (
    comparison: Comparison,
    journeys: BudgetAsked['journeys'],
  ) => Promise<readonly (readonly CohortBad[])[] | undefined>
  /** Sums up completed hours of one service, or of all, so that reading a month is fast. Resolves to their number; 0 if read-only. */
  readonly sumUp: (service?: string) => Promise<number>
  /** Services that have closed ticks. */
  readonly services: () => Promise<readonly string[]>
}

interface Options {
  readonly access: Access
  readonly isSpent: () => boolean
  readonly retentionDays: number
  readonly now: () => number
}

const daySeconds = 86_400
// The most hours of ticks that are summed up at once.
const hoursAtOnce = 24

/** Counts error budgets in an engine's store. */
export function budgetsOf(engine: Engine, { access, isSpent, retentionDays, now }: Options): Budgets {
  // Earlier hours have lost ticks to retention; only their sums are left.
  const keptFrom = (): number => Math.max(0, Math.ceil(now() / 3_600_000) * 3600 - retentionDays * daySeconds + 3600)

  const sumSome = async (service: string, hours: readonly number[]): Promise<void> => {
    const sum = newBatchId()
    const window = { from: Math.min(...hours), to: Math.max(...hours) + 3600 }
    // Queried before the ticks are read: a tick that closes meanwhile changes this value, and the hour is summed up anew.
    const closed = await engine.read<{ hour: number; closings: string }>(closingsOfHours, { service, hours, ...window })
    await engine.writeOnce(sumHours, { sum, service, hours, ...window })
    await engine.write(commitHours, {
      service,
      sum,
      hours: closed.map(({ hour }) => hour),
      closings: closed.map(({ closings }) => closings),
    })
  }

  const unsummed = async (service: string, until: number): Promise<{ service: string; hour: number }[]> => {
    const from = keptFrom()
    return from >= until ? [] : engine.read(unsummedHours, { service, from, to: until })
  }

  const mayWrite = (): boolean => access === 'all' && !isSpent()

  const sumAll = async (found: readonly { service: string; hour: number }[]): Promise<void> => {
    for (const name of new Set(found.map((one) => one.service))) {
      const hours = found.filter((one) => one.service === name).map(({ hour }) => hour)
      for (let at = 0; at < hours.length; at += hoursAtOnce) await sumSome(name, hours.slice(at, at + hoursAtOnce))
    }
  }

  return {
    sumUp: async (service = '') => {
      if (!mayWrite()) return 0
      const found = await unsummed(service, ticksFrom(now() / 1000))
      await sumAll(found)
      return found.length
    },
    ofCohorts: (comparison, journeys) =>
      access === 'spans' ? Promise.resolve(undefined) : cohortBad(engine, comparison, journeys),
    services: async () => (await engine.read<{ service: string }>(closedServices)).map(({ service }) => service),
    counts: async (asked) => {
      if (access === 'spans')
        throw new StoreError(
          'usage',
          'budgets are counted from closed ticks, and this user may read spans alone: ask with a user that may read the tables of coalmine, or through the server that has the store',
        )
      const { service } = asked
      const [found] = await engine.read<{ until: number }>(lastClosed, { service })
      const until = found?.until ?? 0
      if (until === 0) return undefined
      const left = await unsummed(service, ticksFrom(until))
      const isSummed = mayWrite()
      if (isSummed) await sumAll(left)
      const journeys = await budgetCounts(engine, asked, {
        until,
        unsummed: isSummed ? [] : left.map(({ hour }) => hour),
      })
      const seen = journeys.some((rows) => rows.length === 0)
        ? await engine.read<{ operation: string }>(operationsSeen, { service, until })
        : []
      return {
        untilMs: until * 1000,
        wholeHoursUntilMs: ticksFrom(until) * 1000,
        journeys,
        seen: seen.map(({ operation }) => operation),
      }
    },
  }
}
