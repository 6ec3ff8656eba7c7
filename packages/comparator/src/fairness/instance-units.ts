import {
  type EProcess,
  type Histogram,
  type Lean,
  leanOfInstanceRates,
  leanOfInstanceValues,
  meanProcess,
  mergeHistograms,
  type Rate,
  unitProcess,
} from '@coalmine/stats'
import type { Facts, InstanceTick } from '../facts.ts'
import { limitOf } from '../metrics/claim.ts'
import { rateLimit } from '../metrics/rate.ts'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import { otherOperations, type Scope } from '../scopes.ts'
import { enough } from '../statistics/units.ts'

/** Whether instances say at a tick that the canary is worse. */
export type Standing = (tick: number) => boolean

// Made where nothing else is at hand: tests that go on hold it, and it is not to hold what they were fed.
const always: Standing = () => true

// Fewer requests of an arm are joined with those of the next tick: hardly any pair of instances would differ in a thing that is rare.
const fewestRequests = 5

/**
 * Whether the evidence with the instance in a tick as the unit stands, at each tick: one process of three that starves is a third of
 * a bad tick. With one canary instance the arms themselves are as good, and nothing more is asked; nor where instances are not known, or
 * where the cohorts share them, which are then compared within each.
 *
 * @param beyond the metric with the margin that FAIL needs.
 */
export function standingOf(scope: Scope, beyond: MetricPolicy, { fairness, canary }: Facts): Standing {
  const known = fairness?.instanceTicks ?? []
  const { kind } = beyond.measure
  const judged = kind === 'latency' || kind === 'errors' || kind === 'client-errors' || kind === 'inner-errors'
  const harm = beyond.expect === 'no-worse' || beyond.expect === 'worse-by-at-most'
  const shared = fairness?.instances?.some((one) => one.cohort === 'both') ?? false
  if (known.length === 0 || shared || canary.instances < 2 || !judged || !harm) return always
  const process = kind === 'latency' ? latencyUnits(beyond) : rateUnits(beyond, kind)
  const stands = new Map<number, boolean>()
  let waiting: InstanceTick[] = []
  let last = false
  for (const [tick, cells] of byTick(known.filter((cell) => isIn(scope, cell.operation)))) {
    waiting.push(...cells)
    const requests = (cohort: InstanceTick['cohort']): number =>
      waiting.reduce((sum, cell) => sum + (cell.cohort === cohort ? cell.traces : 0), 0)
    if (requests('canary') >= fewestRequests && requests('stable') >= fewestRequests) {
      process.add(waiting)
      waiting = []
      last = process.logE >= enough
    }
    stands.set(tick, last)
  }
  // A tick of which nothing is known of instances stands as the one before it.
  let before = false
  return (tick) => {
    before = stands.get(tick) ?? before
    return before
  }
}

/** Whether an operation, or all the others together, belong to a scope. */
export function isIn(scope: Scope, operation: string): boolean {
  if (scope.scope === 'service') return true
  return operation === scope.operation || (scope.operation === otherOperations && operation === otherOperations)
}

function byTick(cells: readonly InstanceTick[]): [number, InstanceTick[]][] {
  const ticks = new Map<number, InstanceTick[]>()
  for (const cell of cells) {
    const found = ticks.get(cell.tick)
    if (found) found.push(cell)
    else ticks.set(cell.tick, [cell])
  }
  return [...ticks].sort(([a], [b]) => a - b)
}

type Cells = readonly InstanceTick[]

function latencyUnits(metric: MetricPolicy): EProcess<Cells> {
  const limit = limitOf('up', marginIn('latency', metric))
  let asked: Cells | undefined
  let told: ReturnType<typeof leanOfInstanceValues> | undefined
  const leans = (cells: Cells): ReturnType<typeof leanOfInstanceValues> => {
    if (asked !== cells || !told) {
      const of = (cohort: InstanceTick['cohort']) => instancesOf(cells, cohort).map((own) => mergeOf(own))
      told = leanOfInstanceValues(of('canary'), of('stable'), limit)
    }
    asked = cells
    return told
  }
  const unit = (lean: (cells: Cells) => Lean): EProcess<Cells> => unitProcess(([cells]) => lean(cells!))
  return meanProcess(
    [
      unit((cells) => leans(cells).location),
      unit((cells) => leans(cells).tenth),
      unit((cells) => leans(cells).hundredth),
    ],
    [2, 1, 1],
  )
}

function rateUnits(metric: MetricPolicy, kind: keyof typeof eventsOf): EProcess<Cells> {
  const margin = marginIn('rate', metric)
  const rateOf = (own: readonly InstanceTick[]): Rate => ({
    n: own.reduce((sum, cell) => sum + cell.traces, 0),
    events: own.reduce((sum, cell) => sum + eventsOf[kind](cell), 0),
  })
  return unitProcess(([cells]) =>
    leanOfInstanceRates(instancesOf(cells!, 'canary').map(rateOf), instancesOf(cells!, 'stable').map(rateOf), (rate) =>
      rateLimit(rate, margin),
    ),
  )
}

const eventsOf = {
  errors: (cell: InstanceTick): number => cell.errors,
  'client-errors': (cell: InstanceTick): number => cell.clientErrors,
  'inner-errors': (cell: InstanceTick): number => cell.innerErrors,
}

/** The cells of each instance of a cohort. */
function instancesOf(cells: Cells, cohort: InstanceTick['cohort']): InstanceTick[][] {
  const instances = new Map<string, InstanceTick[]>()
  for (const cell of cells) {
    if (cell.cohort !== cohort) continue
    const found = instances.get(cell.instance)
    if (found) found.push(cell)
    else instances.set(cell.instance, [cell])
  }
  return [...instances.values()]
}

function mergeOf(own: readonly InstanceTick[]): Histogram {
  return mergeHistograms(own.map(({ latency }) => latency))
}
