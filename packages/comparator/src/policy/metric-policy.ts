import { requestCount } from '../slice.ts'
import { closest } from './closest.ts'
import {
  defaultMargins,
  formatMargin,
  type LatencyMargin,
  type Margin,
  type MarginForm,
  parseMargin,
  type RateMargin,
  type RatioMargin,
} from './margin.ts'
import { builtIns, isBuiltIn, type Measure, marginFormOf } from './measure.ts'
import type { Expect, Gate, GateInput, MetricInput } from './metric-schema.ts'

/** How one metric is judged. */
export interface MetricPolicy {
  /** `latency`, `errors`, `client-errors`, `inner-errors`, `lost-requests`, `throughput`, or a custom name. */
  readonly name: string
  readonly measure: Measure
  readonly expect: Expect
  /** The harmful direction. */
  readonly worse: 'higher' | 'lower'
  /** Its form depends on the measure: see `marginFormOf`. */
  readonly margin: Margin
  readonly gate: Gate
  /** Its weight in the split of alpha among metrics: only proportions count. */
  readonly weight: number
  /** Critical metrics get four times the share of alpha, and their FAIL is named first. */
  readonly critical: boolean
  /** The author's reason. */
  readonly reason: string | null
  /** Whether `expect` or `reason` was given: the verdict then answers it. */
  readonly hypothesis: boolean
}

/**
 * Reads one metric's entry, with the defaults for what it measures.
 *
 * @throws {MetricProblem} with the invalid key, and what was expected there.
 * @example metricPolicyOf('cost', { attribute: 'app.cost', margin: '2%' }) // { name: 'cost', margin: { ratio: 0.02 }, ... }
 */
export function metricPolicyOf(name: string, entry: MetricInput | GateInput): MetricPolicy {
  const input: MetricInput = typeof entry === 'object' ? entry : { gate: entry }
  if (!/^[\w][\w.-]*$/.test(name)) throw new MetricProblem([], 'expected a name of letters, digits, _ . and -')
  if (name === requestCount) throw new MetricProblem([], `${name} is the name of the count of requests: choose another`)
  const measure = measureOf(name, input)
  const expect = input.expect ?? 'no-worse'
  if (isBuiltIn(name) && input.worse !== undefined)
    throw new MetricProblem(['worse'], `for ${name} it is always the same: leave it out`)
  if (measure.kind === 'lost-requests' && (expect === 'better' || expect === 'same'))
    throw new MetricProblem(['expect'], `expected no-worse or worse-by-at-most of lost requests, got ${expect}`)
  return {
    name,
    measure,
    expect,
    worse: input.worse ?? (marginFormOf(measure) === 'loss' ? 'lower' : 'higher'),
    margin: marginOf(measure, expect, input.worse, input.margin),
    gate: input.gate === undefined ? 'on' : typeof input.gate === 'string' ? input.gate : input.gate ? 'on' : 'off',
    weight: input.weight ?? 1,
    critical: input.critical ?? false,
    reason: input.reason ?? null,
    hypothesis: input.expect !== undefined || input.reason !== undefined,
  }
}

// Factor on a critical metric's share of alpha: beside two others it gets two thirds.
const critically = 4

/** The metric's weight in the split of alpha. */
export function weightOf({ weight, critical }: MetricPolicy): number {
  return critical ? critically * weight : weight
}

/** The claim for a single operation if the whole service is to be better: no worse than the usual margin. */
export function noWorse(metric: MetricPolicy): MetricPolicy {
  return { ...metric, expect: 'no-worse', margin: defaultMargins[marginFormOf(metric.measure)] }
}

/** A problem with a metric's entry, and the key it is under. */
export class MetricProblem extends Error {
  readonly path: readonly string[]

  constructor(path: readonly string[], message: string) {
    super(message)
    this.path = path
  }
}

/** The margin of a metric whose margins have this form. */
export function marginIn<F extends keyof Shapes>(form: F, metric: MetricPolicy): Shapes[F]
export function marginIn(form: MarginForm, { name, margin }: MetricPolicy): Margin {
  const shape = 'seconds' in margin ? 'latency' : 'oddsRatio' in margin ? 'rate' : 'ratio'
  if (shape === form) return margin
  throw new RangeError(`margin of ${name}: expected one for a ${form}, got ${JSON.stringify(margin)}`)
}

interface Shapes {
  readonly latency: LatencyMargin
  readonly rate: RateMargin
  readonly ratio: RatioMargin
}

const noMargins: Record<MarginForm, Margin> = {
  latency: { ratio: 0, seconds: 0 },
  rate: { oddsRatio: 1, difference: 0 },
  loss: { ratio: 0 },
  ratio: { ratio: 0 },
}

function measureOf(name: string, { attribute, calls, share, reduce }: MetricInput): Measure {
  const [first, second] = Object.entries({ attribute, calls, share }).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  )
  if (first && isBuiltIn(name)) {
    throw new MetricProblem(
      [first],
      `${name} is built in, and what it measures is fixed: leave it out, or give the metric another name`,
    )
  }
  if (second) throw new MetricProblem([second], `expected only one of attribute, calls, share, got ${first} too`)
  if (reduce !== undefined && attribute === undefined)
    throw new MetricProblem(
      ['reduce'],
      'goes only with attribute: it says how several values in one request are combined',
    )
  if (isBuiltIn(name)) return { kind: name }
  if (attribute !== undefined) return { kind: 'attribute', key: attribute, reduce: reduce ?? 'sum' }
  if (calls !== undefined) return { kind: 'calls', of: calls }
  if (share !== undefined) return { kind: 'share', of: share }
  const meant = closest(name, builtIns)
  if (meant) throw new MetricProblem([], `unknown metric; did you mean ${meant}?`)
  throw new MetricProblem(
    [],
    `unknown metric; expected one of ${builtIns.join(', ')}, or say what it measures with attribute, calls or share`,
  )
}

function marginOf(
  measure: Measure,
  expect: Expect,
  worse: MetricPolicy['worse'] | undefined,
  text: string | undefined,
): Margin {
  const form = marginFormOf(measure)
  if (text === undefined) {
    if (expect === 'worse-by-at-most')
      throw new MetricProblem(['margin'], 'expected a margin such as 5%, since expect is worse-by-at-most')
    return expect === 'better' ? noMargins[form] : defaultMargins[form]
  }
  try {
    // Nothing is less by all of it, or more.
    const less = expect === 'same' || (expect === 'better') !== (worse === 'lower')
    const margin = parseMargin(less && form === 'ratio' ? 'loss' : form, text)
    if (less && form === 'latency' && 'ratio' in margin && margin.ratio >= 1)
      throw new RangeError(`expected a margin below 100 %, such as 10%,2ms, got "${text}"`)
    if (expect === 'same' && formatMargin(margin) === formatMargin(noMargins[form]))
      throw new RangeError(
        `expected a margin above zero, since no amount of traffic proves that two things are exactly the same, got "${text}"`,
      )
    return margin
  } catch (error) {
    throw new MetricProblem(['margin'], (error as Error).message)
  }
}
