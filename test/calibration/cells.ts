// What is measured, and what it must be. Rates hold when they are at most the level plus three standard errors.
import { type MetricInput, type MetricPolicy, metricPolicyOf, type Policy } from '@coalmine/comparator'
import { type Distribution, lognormal, mixed, scaled } from './generate.ts'
import { type Arm, b0, type Cell, type Traffic } from './simulate.ts'

export type Requirement =
  | { readonly kind: 'rate'; readonly of: 'failed' | 'passed' | 'splitMissed'; readonly level: number }
  | { readonly kind: 'median'; readonly to: 'fail' | 'pass'; readonly seconds: number }

export interface Calibrated extends Cell {
  readonly group: string
  readonly requirement: Requirement
}

const alpha = 0.05
const typical = lognormal({ median: 0.1, sigma: 0.6 })
const cached = mixed(0.8, lognormal({ median: 0.005, sigma: 0.4 }), lognormal({ median: 0.08, sigma: 0.5 }))
const inMilliseconds: Distribution = (value) =>
  lognormal({ median: 0.004, sigma: 0.6 })(Math.floor(value * 1000) / 1000)
const slowRequests = (share: number, times: number): Distribution => mixed(share, scaled(typical, times), typical)

const noMargins = { latency: '0%', errors: '1', '4xx': '1', 'lost-requests': '0%' }
const metric = (name: string, entry: MetricInput = {}): MetricPolicy => metricPolicyOf(name, entry)
const atZero = (...names: (keyof typeof noMargins)[]): Partial<Policy> => ({
  metrics: names.map((name) => metric(name, { margin: noMargins[name] })),
})
const latencyAlone: Partial<Policy> = { metrics: [metric('latency')] }
const errorsAlone: Partial<Policy> = { metrics: [metric('errors')] }
const latencyAtZero = atZero('latency')
const errorsAtZero = atZero('errors')
const allAtZero = atZero('latency', 'errors', '4xx')

const day = (depth: number) => ({ level: (tick: number) => 1 + depth * Math.sin((2 * Math.PI * tick) / 360) })
const ramp = { share: (tick: number) => (tick < 120 ? 0.05 : tick < 240 ? 0.25 : 0.5) }
const daily = (depth: number) => ({ ...day(depth), ...ramp })
const split = (share: number) => ({ share: () => share })
const minutes = (count: number) => ({ ticks: 12 * count })

function both(arm: Arm, more: Partial<Traffic> = {}): Traffic {
  return { ...b0, ...more, stable: arm, canary: arm }
}

function latency(canary: Distribution, more: Partial<Traffic> = {}): Traffic {
  return { ...b0, ...more, stable: { latency: typical }, canary: { latency: canary } }
}

function errors(stable: number, canary: number, more: Partial<Traffic> = {}): Traffic {
  return { ...b0, ...more, stable: { errors: stable }, canary: { errors: canary } }
}

const atMost = (level: number, of: 'failed' | 'passed' | 'splitMissed' = 'failed'): Requirement => ({
  kind: 'rate',
  of,
  level,
})
const within = (seconds: number, to: 'fail' | 'pass' = 'fail'): Requirement => ({ kind: 'median', to, seconds })

const justBeyond = errors(0.0005, 0.0015)
const atOddsMargin = errors(0.01, oddsTimes(0.01, 1.5))
const rising = errors(0.02, 0.03, day(0.8))
const bothWorse = {
  ...b0,
  ...minutes(5),
  stable: { latency: typical, errors: 0.01 },
  canary: { latency: typical, errors: 0.05 },
}
const losing = (kept: number): Traffic => ({ ...b0, stable: {}, canary: { kept } })
const splitAlone: Partial<Policy> = { metrics: [metric('lost-requests')], split: 0.1 }
const splitAtZero: Partial<Policy> = { ...atZero('lost-requests'), split: 0.1 }
const manyFindings = both({ latency: typical, errors: 0.01 }, { operations: 10, requests: 1000 })
const halfway = { from: 180 }

/** Every cell of the calibration, in the order of its table. */
export const cells: readonly Calibrated[] = [
  ...group('False alarms: equal services, margin 0, any time in 30 minutes', [
    cell('latency', 2000, atMost(alpha), latency(typical), latencyAtZero),
    cell(
      'latency, level +-30 % and ramp 5, 25, 50 %',
      2000,
      atMost(alpha),
      latency(typical, daily(0.3)),
      latencyAtZero,
    ),
    cell('latency, canary 1 %', 1000, atMost(alpha), latency(typical, split(0.01)), latencyAtZero),
    cell('latency, 10 requests/s', 1000, atMost(alpha), latency(typical, { requests: 50 }), latencyAtZero),
    cell(
      'latency, cache hits and misses, canary 50 %',
      1000,
      atMost(alpha),
      both({ latency: cached }, split(0.5)),
      latencyAtZero,
    ),
    cell(
      'latency in whole milliseconds around 4',
      1000,
      atMost(alpha),
      both({ latency: inMilliseconds }),
      latencyAtZero,
    ),
    cell('errors 0.1 %', 2000, atMost(alpha), errors(0.001, 0.001), errorsAtZero),
    cell('errors 1 %', 2000, atMost(alpha), errors(0.01, 0.01), errorsAtZero),
    cell(
      'errors 0.5 %, level +-80 % and ramp 5, 25, 50 %',
      2000,
      atMost(alpha),
      errors(0.005, 0.005, daily(0.8)),
      errorsAtZero,
    ),
    cell('ten operations, latency, errors and 4xx of each and of all', 300, atMost(alpha), manyFindings, allAtZero),
    cell('latency, errors and 4xx together', 1000, atMost(alpha), both({ latency: typical, errors: 0.01 }), allAtZero),
  ]),
  ...group('False alarms: default margins', [
    cell('equal services, errors 1 %', 400, atMost(alpha), both({ latency: typical, errors: 0.01 })),
    cell('latency exactly 10 % slower', 1000, atMost(alpha), latency(scaled(typical, 1.1)), latencyAlone),
    cell('errors 1 %, odds ratio exactly 1.5', 2000, atMost(alpha), atOddsMargin, errorsAlone),
    cell('errors 0.05 %, exactly 0.1 points more', 2000, atMost(alpha), justBeyond, errorsAlone),
  ]),
  ...group('Detection: margin 0, one finding', [
    cell('latency +5 %', 400, within(200), latency(scaled(typical, 1.05)), latencyAtZero),
    cell('latency +10 %', 400, within(60), latency(scaled(typical, 1.1), minutes(10)), latencyAtZero),
    cell('latency +25 %', 400, within(20), latency(scaled(typical, 1.25), minutes(5)), latencyAtZero),
    cell('2 % of requests x 5', 400, within(110), latency(slowRequests(0.02, 5), minutes(10)), latencyAtZero),
    cell('errors 0.1 % x 5', 400, within(130), errors(0.001, 0.005), errorsAtZero),
    cell('errors 0.1 % x 10', 400, within(45), errors(0.001, 0.01), errorsAtZero),
    cell('errors 1 % x 2', 400, within(125), errors(0.01, 0.02), errorsAtZero),
    cell('errors 1 % x 5', 400, within(20), errors(0.01, 0.05, minutes(5)), errorsAtZero),
  ]),
  ...group('Detection: default margins', [
    cell('latency +25 %, one finding', 400, within(40), latency(scaled(typical, 1.25), minutes(5)), latencyAlone),
    cell('latency +25 %, with errors and 4xx in the gate', 400, within(50), latency(scaled(typical, 1.25), minutes(5))),
    cell('2 % of requests x 5, one finding', 400, within(260), latency(slowRequests(0.02, 5)), latencyAlone),
    cell('errors 1 % x 5, one finding', 400, within(30), errors(0.01, 0.05, minutes(5)), errorsAlone),
    cell('errors 1 % x 5, with latency and 4xx in the gate', 400, within(30), bothWorse),
    cell('errors 0.1 % x 5, one finding', 400, within(250), errors(0.001, 0.005), errorsAlone),
    cell('errors from none to 1 %, one finding', 400, within(40), errors(0, 0.01, minutes(10)), errorsAlone),
    cell('latency +25 % from the 15th minute on', 200, within(900 + 150), latency(scaled(typical, 1.25), halfway)),
    cell('errors 1 % x 5 from the 15th minute on', 200, within(900 + 150), errors(0.01, 0.05, halfway)),
  ]),
  ...group('PASS: default margins', [
    cell('equal services without errors', 400, within(600, 'pass'), latency(typical)),
    cell('no errors at all, errors alone', 100, within(600, 'pass'), errors(0, 0), errorsAlone),
    cell('errors 1 %, errors alone', 400, within(600, 'pass'), errors(0.01, 0.01), errorsAlone),
  ]),
  ...group('Wrong PASS: default margins, 30 minutes', [
    cell('latency exactly 10 % slower', 1000, atMost(alpha, 'passed'), latency(scaled(typical, 1.1))),
    cell('latency 15 % slower', 400, atMost(alpha, 'passed'), latency(scaled(typical, 1.15))),
    cell('2 % of requests x 5', 400, atMost(alpha, 'passed'), latency(slowRequests(0.02, 5))),
    cell('1 % of requests x 20', 400, atMost(alpha, 'passed'), latency(slowRequests(0.01, 20))),
    cell('0.5 % of requests x 10', 400, atMost(alpha, 'passed'), latency(slowRequests(0.005, 10))),
    cell('5 % of requests x 3', 400, atMost(alpha, 'passed'), latency(slowRequests(0.05, 3))),
    cell('errors 1 %, odds ratio exactly 1.5', 2000, atMost(alpha, 'passed'), atOddsMargin, errorsAlone),
    cell('errors 0.05 %, exactly 0.1 points more', 2000, atMost(alpha, 'passed'), justBeyond, errorsAlone),
    cell('errors 2 % and 3 %, level +-80 %', 1000, atMost(alpha, 'passed'), rising, errorsAlone),
  ]),
  ...group('Counts: lost requests and the split', [
    cell('the declared 10 % arrive: split missed', 2000, atMost(0.001, 'splitMissed'), losing(1), splitAlone),
    cell('the declared 10 % arrive: lost requests, margin 0', 2000, atMost(alpha), losing(1), splitAtZero),
    cell('a tenth of the canary’s requests lost, margin 0', 400, within(95), losing(0.9), splitAtZero),
    cell('half of the canary’s requests lost', 400, within(30), { ...losing(0.5), ...minutes(5) }, splitAlone),
  ]),
]

function cell(name: string, runs: number, requirement: Requirement, traffic: Traffic, policy: Partial<Policy> = {}) {
  return { name, runs, requirement, traffic, policy }
}

function group(name: string, some: readonly Omit<Calibrated, 'group'>[]): Calibrated[] {
  return some.map((one) => ({ ...one, group: name }))
}

function oddsTimes(p: number, oddsRatio: number): number {
  const odds = (p / (1 - p)) * oddsRatio
  return odds / (1 + odds)
}
