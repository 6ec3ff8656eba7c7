import type { MetricPolicy, Policy, Side, Slice, ValueFacts } from '@coalmine/comparator'
import {
  type ComparedSide,
  type Comparison,
  type Measure,
  type Measured,
  measureParams,
  type Store,
  StoreError,
} from '@coalmine/store'

/** Slices of a policy's own measures, and the number of requests that had a value. */
interface MeasuredSlices {
  readonly slices: readonly Slice[]
  readonly values: readonly ValueFacts[]
}

/** Reads a policy's own measures: attributes, calls and shares. */
export async function measuredSlices(store: Store, comparison: Comparison, policy: Policy): Promise<MeasuredSlices> {
  const own = ownMeasures(policy)
  const slices: Slice[] = []
  const none = { values: 0, without: 0, negative: 0 }
  const values = own.map(({ name }) => ({ metric: name, stable: { ...none }, canary: { ...none } }))
  const found = store.ticks.measures(
    comparison,
    own.map(({ measure }) => measure),
  )
  for await (const { operation, tick, measures } of found)
    for (const [place, { stable, canary }] of measures.entries()) {
      const { name, measure } = own[place]!
      slices.push({ tick, operation, metric: name, stable: sideOf(measure, stable), canary: sideOf(measure, canary) })
      count(values[place]!.stable, stable)
      count(values[place]!.canary, canary)
    }
  return { slices, values }
}

/**
 * Refuses a policy with an invalid selector in a measure, or with a measure that calls do not have.
 *
 * @throws {StoreError} naming the metric.
 */
export function refuseMeasures({ metrics }: Policy, side: ComparedSide): void {
  for (const { name, gate, measure } of metrics) {
    if (!isOwn(measure)) continue
    if (side === 'calls' && gate !== 'off')
      throw new StoreError(
        'usage',
        `metrics.${name}: ${measure.kind} is measured on requests; leave out scope: downstream`,
      )
    try {
      measureParams([measure])
    } catch (error) {
      throw error instanceof StoreError
        ? new StoreError('usage', `metrics.${name}.${measure.kind}: ${error.message}`, { cause: error })
        : error
    }
  }
}

type OwnMetric = Pick<MetricPolicy, 'name'> & { readonly measure: Measure }

function ownMeasures({ metrics }: Policy): OwnMetric[] {
  return metrics.flatMap(({ name, gate, measure }) => (gate !== 'off' && isOwn(measure) ? [{ name, measure }] : []))
}

function isOwn(measure: MetricPolicy['measure']): measure is Measure {
  return measure.kind === 'attribute' || measure.kind === 'calls' || measure.kind === 'share'
}

function sideOf({ kind }: Measure, { values, histogram }: Measured): Side {
  if (kind === 'share') return { kind: 'rate', n: values, events: values - histogram.zero }
  return { kind: 'distribution', n: values, histogram }
}

function count(sum: Counted, one: Measured): void {
  sum.values += one.values
  sum.without += one.without
  sum.negative += one.negative
}

interface Counted {
  values: number
  without: number
  negative: number
}
