import type { Facts, InstanceTick } from '../facts.ts'
import { isIn } from '../fairness/instance-units.ts'
import { seriesOf } from '../growing-series.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Scope } from '../scopes.ts'
import type { OperationSeries } from '../series.ts'
import type { Side, Slice } from '../slice.ts'

/** Whether the cohorts share their instances, as those of a flag do. */
function sharesInstances({ fairness }: Pick<Facts, 'fairness'>): boolean {
  return fairness?.instances?.some((one) => one.cohort === 'both') ?? false
}

/**
 * What a scope did with each instance as a stratum, where the cohorts share their instances: a slow instance that has more of one
 * cohort's requests than of the other's is then slow for both.
 *
 * @returns undefined where instances are not shared, were not asked, or do not tell the metric.
 */
export function withinInstances(scope: Scope, metric: MetricPolicy, facts: Facts): OperationSeries[] | undefined {
  const sideOf = sidesOf(metric)
  const known = facts.fairness?.instanceTicks ?? []
  if (known.length === 0 || !sideOf || !sharesInstances(facts)) return undefined
  const pairs = new Map<string, { stable?: InstanceTick; canary?: InstanceTick }>()
  for (const cell of known) {
    if (!isIn(scope, cell.operation)) continue
    const key = JSON.stringify([cell.instance, cell.operation, cell.tick])
    pairs.set(key, { ...pairs.get(key), [cell.cohort]: cell })
  }
  const slices = [...pairs.values()].flatMap(({ stable, canary }): Slice[] => {
    if (!stable || !canary) return []
    const operation = JSON.stringify([stable.operation, stable.instance])
    return [{ tick: stable.tick, operation, metric: metric.name, stable: sideOf(stable), canary: sideOf(canary) }]
  })
  return slices.length > 0 ? seriesOf(slices, [metric], smallBlocks) : undefined
}

// Strata are small, and there are many: what waits for a hundred values tells ticks later than the service does. Tails wait all the same.
const smallBlocks = { distribution: 20, rate: 20 }

function sidesOf({ measure }: MetricPolicy): ((cell: InstanceTick) => Side) | undefined {
  switch (measure.kind) {
    case 'latency':
      return ({ traces, latency }) => ({ kind: 'distribution', n: traces, histogram: latency })
    case 'errors':
      return ({ traces, errors }) => ({ kind: 'rate', n: traces, events: errors })
    case 'client-errors':
      return ({ traces, clientErrors }) => ({ kind: 'rate', n: traces, events: clientErrors })
    case 'inner-errors':
      return ({ traces, innerErrors }) => ({ kind: 'rate', n: traces, events: innerErrors })
    default:
      return undefined
  }
}
