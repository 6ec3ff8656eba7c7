import type { Engine } from '../engine/engine.ts'
import {
  countNamed,
  countNamedAnew,
  countUnnamed,
  operationBudgets,
  unnamedOperations,
  unnamedRequests,
} from './closing.ts'
import type { Closing } from './tick-columns.ts'

/** Decides which operations have rows of their own: those with the most requests, not those seen first. */
export interface OperationNames {
  /** Learns the names in ticks before they are summed up; resolves to whether any of them now has rows of its own. */
  readonly learn: (closing: Closing) => Promise<boolean>
  /** Learns names counted as '(other)' in summed ticks; resolves to whether the ticks would be summed up differently now. */
  readonly relearn: (closing: Closing, batch: string) => Promise<boolean>
  /** Counts the requests per name in summed ticks; after `learn`, in the hours that it did not count. */
  readonly count: (closing: Closing, batch: string, learned?: boolean) => Promise<void>
}

interface Budget {
  readonly service: string
  readonly names: number
  readonly least: number
  readonly inHour: number
}

interface Named {
  readonly service: string
  readonly operation: string
  readonly requests: number
  /** Starts of hours, in seconds since 1970, and the requests in each. */
  readonly hours: readonly number[]
  readonly inHours: readonly number[]
}

const mostNames = 500
// New names are stored so that they can get rows of their own; a service that keeps inventing names fills at most one hour.
const mostInHour = 2_000
// A ClickHouse server takes a bound value of 128 KiB at most: http_max_field_value_size.
const longestName = 500
const rowsAtOnce = 100
// Once all names are taken, a smaller share of the requests than this is not examined.
const leastUnnamed = 0.01

/** The names of a store's services. */
export function operationNames(engine: Engine): OperationNames {
  const budgetsOf = async (closing: Closing): Promise<(service: string) => Budget> => {
    const found = await engine.readFirst<Budget>(operationBudgets, { ...closing })
    const byService = new Map(found.map((budget) => [budget.service, budget]))
    return (service) => byService.get(service) ?? { service, names: 0, least: 0, inHour: 0 }
  }

  const learnAbout = async (closing: Closing, budgetOf: (service: string) => Budget): Promise<boolean> => {
    const found = await engine.readFirst<Named>(unnamedOperations, { ...closing })
    const left = new Map<string, number>()
    let changed = false
    const kept = found.filter(({ service, operation, requests }) => {
      if (operation.length > longestName) return false
      const { names, least, inHour } = budgetOf(service)
      const room = left.get(service) ?? mostInHour - inHour
      const isNamed = names < mostNames || requests > least
      if (isNamed) changed = true
      // An id occurs only once.
      const isKept = isNamed || (room > 0 && requests > 1)
      if (isKept) left.set(service, room - 1)
      return isKept
    })
    const rows = kept.flatMap(({ service, operation, hours, inHours }) =>
      hours.map((hour, index) => ({ service, operation, hour, requests: inHours[index]! })),
    )
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      const some = rows.slice(at, at + rowsAtOnce)
      await engine.write(countUnnamed, {
        services: some.map(({ service }) => service),
        operations: some.map(({ operation }) => operation),
        hours: some.map(({ hour }) => hour),
        requests: some.map(({ requests }) => requests),
      })
    }
    return changed
  }

  return {
    learn: async (closing) => learnAbout(closing, await budgetsOf(closing)),
    relearn: async (closing, batch) => {
      const unnamed = await engine.readFirst<{ service: string; unnamed: number; requests: number }>(unnamedRequests, {
        ...closing,
        batch,
      })
      if (unnamed.length === 0) return false
      const budgetOf = await budgetsOf(closing)
      const some = unnamed.filter(
        (one) => budgetOf(one.service).names < mostNames || one.unnamed >= leastUnnamed * one.requests,
      )
      return some.length > 0 && learnAbout(closing, budgetOf)
    },
    count: (closing, batch, learned = false) =>
      engine.write(learned ? countNamedAnew : countNamed, { ...closing, batch }),
  }
}
