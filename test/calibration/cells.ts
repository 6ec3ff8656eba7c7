// What is measured, and what it must be. Rates hold when they are at most the level plus three standard errors.
import type { Policy } from '@coalmine/comparator'
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

const zero: Policy['margins'] = {
  latency: { ratio: 0, seconds: 0 },
  errors: { oddsRatio: 1, difference: 0 },
  '4xx': { oddsRatio: 1, difference: 0 },
  'lost-requests': { ratio: 0 },
}
const latencyAlone: Partial<Policy> = { metrics: ['latency'] }
const errorsAlone: Partial<Policy> = { metrics: ['errors'] }
const latencyAtZero: Partial<Policy> = { metrics: ['latency'], margins: zero }
const errorsAtZero: Partial<Policy> = { metrics: ['errors'], margins: zero }

const day = (depth: number) => ({ level: (tick: number) => 1 + depth * Math.sin((2 * Math.PI * tick) / 360) })
const ramp = { share: (tick: number) => (tick < 120 ? 0.05 : tick < 240 ? 0.25 : 0.5) }
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

const alike = 'False alarms: equal services, margin 0, any time in 30 minutes'
const boundary = 'False alarms: default margins'
const atZero = 'Detection: margin 0, one finding'
const atDefault = 'Detection: default margins'
const passing = 'PASS: default margins'
const wrongly = 'Wrong PASS: default margins, 30 minutes'
const counts = 'Counts: lost requests and the split'

/** Every cell of the calibration, in the order of its table. */
export const cells: readonly Calibrated[] = [
  {
    group: alike,
    name: 'latency',
    traffic: latency(typical),
    policy: latencyAtZero,
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'latency, level +-30 % and ramp 5, 25, 50 %',
    traffic: latency(typical, { ...day(0.3), ...ramp }),
    policy: latencyAtZero,
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'latency, canary 1 %',
    traffic: latency(typical, split(0.01)),
    policy: latencyAtZero,
    runs: 1000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'latency, 10 requests/s',
    traffic: latency(typical, { requests: 50 }),
    policy: latencyAtZero,
    runs: 1000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'latency, cache hits and misses, canary 50 %',
    traffic: both({ latency: cached }, split(0.5)),
    policy: latencyAtZero,
    runs: 1000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'latency in whole milliseconds around 4',
    traffic: both({ latency: inMilliseconds }),
    policy: latencyAtZero,
    runs: 1000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'errors 0.1 %',
    traffic: errors(0.001, 0.001),
    policy: errorsAtZero,
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'errors 1 %',
    traffic: errors(0.01, 0.01),
    policy: errorsAtZero,
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'errors 0.5 %, level +-80 % and ramp 5, 25, 50 %',
    traffic: errors(0.005, 0.005, { ...day(0.8), ...ramp }),
    policy: errorsAtZero,
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: alike,
    name: 'latency, errors and 4xx together',
    traffic: both({ latency: typical, errors: 0.01 }),
    policy: { margins: zero },
    runs: 1000,
    requirement: atMost(alpha),
  },

  {
    group: boundary,
    name: 'equal services, errors 1 %',
    traffic: both({ latency: typical, errors: 0.01 }),
    runs: 400,
    requirement: atMost(alpha),
  },
  {
    group: boundary,
    name: 'latency exactly 10 % slower',
    traffic: latency(scaled(typical, 1.1)),
    policy: latencyAlone,
    runs: 1000,
    requirement: atMost(alpha),
  },
  {
    group: boundary,
    name: 'errors 1 %, odds ratio exactly 1.5',
    traffic: errors(0.01, oddsTimes(0.01, 1.5)),
    policy: errorsAlone,
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: boundary,
    name: 'errors 0.05 %, exactly 0.1 points more',
    traffic: errors(0.0005, 0.0015),
    policy: errorsAlone,
    runs: 2000,
    requirement: atMost(alpha),
  },

  {
    group: atZero,
    name: 'latency +5 %',
    traffic: latency(scaled(typical, 1.05)),
    policy: latencyAtZero,
    runs: 400,
    requirement: within(200),
  },
  {
    group: atZero,
    name: 'latency +10 %',
    traffic: latency(scaled(typical, 1.1), minutes(10)),
    policy: latencyAtZero,
    runs: 400,
    requirement: within(60),
  },
  {
    group: atZero,
    name: 'latency +25 %',
    traffic: latency(scaled(typical, 1.25), minutes(5)),
    policy: latencyAtZero,
    runs: 400,
    requirement: within(20),
  },
  {
    group: atZero,
    name: '2 % of requests x 5',
    traffic: latency(slowRequests(0.02, 5), minutes(10)),
    policy: latencyAtZero,
    runs: 400,
    requirement: within(110),
  },
  {
    group: atZero,
    name: 'errors 0.1 % x 5',
    traffic: errors(0.001, 0.005),
    policy: errorsAtZero,
    runs: 400,
    requirement: within(130),
  },
  {
    group: atZero,
    name: 'errors 0.1 % x 10',
    traffic: errors(0.001, 0.01),
    policy: errorsAtZero,
    runs: 400,
    requirement: within(45),
  },
  {
    group: atZero,
    name: 'errors 1 % x 2',
    traffic: errors(0.01, 0.02),
    policy: errorsAtZero,
    runs: 400,
    requirement: within(125),
  },
  {
    group: atZero,
    name: 'errors 1 % x 5',
    traffic: errors(0.01, 0.05, minutes(5)),
    policy: errorsAtZero,
    runs: 400,
    requirement: within(20),
  },

  {
    group: atDefault,
    name: 'latency +25 %, one finding',
    traffic: latency(scaled(typical, 1.25), minutes(5)),
    policy: latencyAlone,
    runs: 400,
    requirement: within(40),
  },
  {
    group: atDefault,
    name: 'latency +25 %, with errors and 4xx in the gate',
    traffic: latency(scaled(typical, 1.25), minutes(5)),
    runs: 400,
    requirement: within(50),
  },
  {
    group: atDefault,
    name: '2 % of requests x 5, one finding',
    traffic: latency(slowRequests(0.02, 5)),
    policy: latencyAlone,
    runs: 400,
    requirement: within(260),
  },
  {
    group: atDefault,
    name: 'errors 1 % x 5, one finding',
    traffic: errors(0.01, 0.05, minutes(5)),
    policy: errorsAlone,
    runs: 400,
    requirement: within(30),
  },
  {
    group: atDefault,
    name: 'errors 1 % x 5, with latency and 4xx in the gate',
    traffic: {
      ...b0,
      ...minutes(5),
      stable: { latency: typical, errors: 0.01 },
      canary: { latency: typical, errors: 0.05 },
    },
    runs: 400,
    requirement: within(30),
  },
  {
    group: atDefault,
    name: 'errors 0.1 % x 5, one finding',
    traffic: errors(0.001, 0.005),
    policy: errorsAlone,
    runs: 400,
    requirement: within(250),
  },
  {
    group: atDefault,
    name: 'errors from none to 1 %, one finding',
    traffic: errors(0, 0.01, minutes(10)),
    policy: errorsAlone,
    runs: 400,
    requirement: within(40),
  },

  {
    group: passing,
    name: 'equal services without errors',
    traffic: latency(typical),
    runs: 400,
    requirement: within(600, 'pass'),
  },
  {
    group: passing,
    name: 'no errors at all, errors alone',
    traffic: errors(0, 0),
    policy: errorsAlone,
    runs: 100,
    requirement: within(600, 'pass'),
  },
  {
    group: passing,
    name: 'errors 1 %, errors alone',
    traffic: errors(0.01, 0.01),
    policy: errorsAlone,
    runs: 400,
    requirement: within(600, 'pass'),
  },

  {
    group: wrongly,
    name: 'latency exactly 10 % slower',
    traffic: latency(scaled(typical, 1.1)),
    runs: 1000,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: 'latency 15 % slower',
    traffic: latency(scaled(typical, 1.15)),
    runs: 400,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: '2 % of requests x 5',
    traffic: latency(slowRequests(0.02, 5)),
    runs: 400,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: '1 % of requests x 20',
    traffic: latency(slowRequests(0.01, 20)),
    runs: 400,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: '0.5 % of requests x 10',
    traffic: latency(slowRequests(0.005, 10)),
    runs: 400,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: '5 % of requests x 3',
    traffic: latency(slowRequests(0.05, 3)),
    runs: 400,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: 'errors 1 %, odds ratio exactly 1.5',
    traffic: errors(0.01, oddsTimes(0.01, 1.5)),
    policy: errorsAlone,
    runs: 2000,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: 'errors 0.05 %, exactly 0.1 points more',
    traffic: errors(0.0005, 0.0015),
    policy: errorsAlone,
    runs: 2000,
    requirement: atMost(alpha, 'passed'),
  },
  {
    group: wrongly,
    name: 'errors 0.5 %, level +-80 %, 0.25 points more at its mean',
    traffic: errors(0.005, 0.0075, day(0.8)),
    policy: errorsAlone,
    runs: 1000,
    requirement: atMost(alpha, 'passed'),
  },

  {
    group: counts,
    name: 'the declared 10 % arrive: split missed',
    traffic: both({}),
    policy: { metrics: ['lost-requests'], split: 0.1 },
    runs: 2000,
    requirement: atMost(0.001, 'splitMissed'),
  },
  {
    group: counts,
    name: 'the declared 10 % arrive, margin 0: lost requests',
    traffic: both({}),
    policy: { metrics: ['lost-requests'], margins: zero, split: 0.1 },
    runs: 2000,
    requirement: atMost(alpha),
  },
  {
    group: counts,
    name: '10 % of the canary’s requests lost, margin 0',
    traffic: { ...b0, stable: {}, canary: { kept: 0.9 } },
    policy: { metrics: ['lost-requests'], margins: zero, split: 0.1 },
    runs: 400,
    requirement: within(95),
  },
  {
    group: counts,
    name: 'half of the canary’s requests lost',
    traffic: { ...b0, ...minutes(5), stable: {}, canary: { kept: 0.5 } },
    policy: { metrics: ['lost-requests'], split: 0.1 },
    runs: 400,
    requirement: within(30),
  },
]

function oddsTimes(p: number, oddsRatio: number): number {
  const odds = (p / (1 - p)) * oddsRatio
  return odds / (1 + odds)
}
