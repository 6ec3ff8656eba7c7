import { type JourneyBudget, type JourneyCounts, journeyBudget, type RampStage, type Slo } from '@coalmine/comparator'
import type { BadCounts, BudgetAsked, BudgetRow, Store } from '@coalmine/store'

/** An objective at one journey, with the counts for it. */
export interface CountedJourney {
  readonly slo: Slo
  readonly counts: JourneyCounts
}

/** Computes the error budgets of some objectives from closed ticks, one for each journey. */
export async function journeyBudgets(
  store: Pick<Store, 'budgets'>,
  slos: readonly Slo[],
  { ramp = [], now }: { readonly ramp?: readonly RampStage[]; readonly now: () => number },
): Promise<JourneyBudget[]> {
  const counted = await countedJourneys(store, slos, now)
  return counted.map(({ slo, counts }) => journeyBudget(slo, counts, ramp))
}

/** The counts of each journey of some objectives, in order. */
export async function countedJourneys(
  store: Pick<Store, 'budgets'>,
  slos: readonly Slo[],
  now: () => number,
): Promise<CountedJourney[]> {
  const found = new Map<Slo, CountedJourney[]>()
  for (const service of new Set(slos.map((slo) => slo.service))) {
    const ofService = slos.filter((slo) => slo.service === service)
    const asked = ofService.flatMap((slo) => operationsIn(slo).map((operation) => ({ slo, operation })))
    const counts = await store.budgets.counts({
      service,
      journeys: asked.map(({ slo, operation }) => askedOf(slo, operation)),
    })
    const { untilMs = now(), wholeHoursUntilMs = now(), seen = [] } = counts ?? {}
    const firstMs = firstSeen(counts?.journeys.flat() ?? [])
    asked.forEach(({ slo, operation }, at) => {
      const rows = counts?.journeys[at] ?? []
      const journeys = slo.journeys === 'each' ? byOperation(rows) : [{ operation: operation ?? null, rows }]
      const made = journeys.map((one) => ({
        slo,
        counts: { operation: one.operation, builds: byBuild(one.rows, firstMs), untilMs, wholeHoursUntilMs, seen },
      }))
      found.set(slo, [...(found.get(slo) ?? []), ...made])
    })
  }
  return slos.flatMap((slo) => found.get(slo) ?? [])
}

/** A journey in the form of a query to the store. */
export function askedOf(
  { latencySeconds, windowSeconds }: Slo,
  operation: string | undefined,
): BudgetAsked['journeys'][number] {
  return { operation, slowFromSeconds: latencySeconds ?? undefined, windowSeconds }
}

function operationsIn({ journeys }: Slo): readonly (string | undefined)[] {
  return typeof journeys === 'string' ? [undefined] : journeys
}

function byOperation(rows: readonly BudgetRow[]): { operation: string; rows: BudgetRow[] }[] {
  const operations = new Map<string, BudgetRow[]>()
  for (const row of rows) operations.set(row.operation, [...(operations.get(row.operation) ?? []), row])
  return [...operations].map(([operation, some]) => ({ operation, rows: some }))
}

const keyOf = ({ recent, build }: BudgetRow): string => JSON.stringify([recent, build])

/** When each build was first seen at any operation. */
function firstSeen(rows: readonly BudgetRow[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (const row of rows) first.set(keyOf(row), Math.min(row.firstMs, first.get(keyOf(row)) ?? row.firstMs))
  return first
}

/** The totals of each build over all operations. */
function byBuild(rows: readonly BudgetRow[], firstMs: ReadonlyMap<string, number>): BudgetRow[] {
  const builds = new Map<string, BudgetRow>()
  for (const row of rows) {
    const known = builds.get(keyOf(row))
    builds.set(keyOf(row), known ? sumOf(known, row) : { ...row, firstMs: firstMs.get(keyOf(row)) ?? row.firstMs })
  }
  return [...builds.values()]
}

function sumOf(one: BudgetRow, other: BudgetRow): BudgetRow {
  const both = (a: BadCounts, b: BadCounts): BadCounts => ({ requests: a.requests + b.requests, bad: a.bad + b.bad })
  return {
    ...one,
    firstMs: Math.min(one.firstMs, other.firstMs),
    last5m: both(one.last5m, other.last5m),
    last1h: both(one.last1h, other.last1h),
    last6h: both(one.last6h, other.last6h),
    last3d: both(one.last3d, other.last3d),
    window: both(one.window, other.window),
    byHour: [...one.byHour, ...other.byHour],
  }
}
