// What is measured, and what it must be: targets T1 to T9 around setting B0, one factor at a time.
import { type MetricInput, type MetricPolicy, metricPolicyOf, type Policy } from '@coalmine/comparator'
import { type Distribution, lognormal, mixed, pareto, rounded, scaled, tracesOf } from './generate.ts'
import { type Fleet, simulateFleet } from './nuisances/judged.ts'
import {
  bursts,
  burstsOnAll,
  collections,
  errors as errorRate,
  failing,
  hosts,
  load,
  misses,
  pool,
  retries,
  slower,
  stalls,
  steal,
  stealFromAll,
  together,
  wander,
} from './nuisances/nuisances.ts'
import { type Arm, b0, type Cell, type Result, simulate, type Traffic } from './simulate.ts'
import { splitUnits } from './split-units.ts'
import { nameTruth, type Step, truths } from './which-of-them.ts'

export type Requirement =
  /** At most the level; runs that would have failed at 1 % and 0.1 % at most those, where there is one finding. */
  | { readonly kind: 'rate'; readonly of: 'failed' | 'passed' | 'splitMissed'; readonly level: number }
  | { readonly kind: 'median'; readonly to: 'fail' | 'pass'; readonly most: number; readonly unit: 's' | 'units' }
  /** Named rightly at least so often in the end, and wrongly at any look at most so often. */
  | { readonly kind: 'named'; readonly right: number; readonly wrong: number }
  /** Shown, and compared with other cells. */
  | { readonly kind: 'shown' }

export interface Calibrated extends Cell {
  readonly group: string
  readonly requirement: Requirement
  readonly measure: (cell: Cell, seed: number) => Result
}

const alpha = 0.05
/** What equal services at margin 0 may cost, the plain ones less than alpha. */
const plain = 0.035
const typical = lognormal({ median: 0.1, sigma: 0.6 })
const narrow = lognormal({ median: 0.1, sigma: 0.4 })
const wide = lognormal({ median: 0.1, sigma: 1 })
const cached = mixed(0.8, lognormal({ median: 0.005, sigma: 0.4 }), lognormal({ median: 0.08, sigma: 0.5 }))
const heavy = mixed(0.01, pareto({ from: 0.5, index: 1.5 }), typical)
const inMilliseconds = rounded(lognormal({ median: 0.004, sigma: 0.6 }), 0.001)
const inMicroseconds = rounded(lognormal({ median: 0.00004, sigma: 0.6 }), 0.000001)
const fiveSpans = tracesOf({ median: 0.1, sigma: 0.6, spans: 5, icc: 0.5 })
const slowRequests = (share: number, times: number): Distribution => mixed(share, scaled(typical, times), typical)

const noMargins = { latency: '0%', errors: '1', 'client-errors': '1', 'lost-requests': '0%' }
const metric = (name: string, entry: MetricInput = {}): MetricPolicy => metricPolicyOf(name, entry)
const atZero = (...names: (keyof typeof noMargins)[]): Partial<Policy> => ({
  metrics: names.map((name) => metric(name, { margin: noMargins[name] })),
})
const latencyAlone: Partial<Policy> = { metrics: [metric('latency')] }
const errorsAlone: Partial<Policy> = { metrics: [metric('errors')] }
const latencyAtZero = atZero('latency')
const errorsAtZero = atZero('errors')
const allAtZero = atZero('latency', 'errors', 'client-errors')
const numberAtZero: Partial<Policy> = { metrics: [metric('number', { attribute: 'app.number', margin: '0%' })] }

const day = (depth: number) => ({ level: (tick: number) => 1 + depth * Math.sin((2 * Math.PI * tick) / 360) })
const ramp = { share: (tick: number) => (tick < 120 ? 0.05 : tick < 240 ? 0.25 : 0.5) }
const daily = (depth: number) => ({ ...day(depth), ...ramp })
const split = (share: number) => ({ share: () => share })
const minutes = (count: number) => ({ ticks: 12 * count })
const minutely = (traffic: Traffic): Traffic => ({ ...traffic, ...minutes(60), requests: 1 / 6, share: () => 0.5 })
const rps = (requests: number) => ({ requests: 5 * requests })
const pods = (sd: number) => ({ pods: { sd, stable: 27, canary: 3 } })
const cold = (left: boolean) => ({ cold: { ticks: 12, times: 3, left } })

function both(arm: Arm, more: Partial<Traffic> = {}): Traffic {
  return { ...b0, ...more, stable: arm, canary: arm }
}

function latency(canary: Distribution, more: Partial<Traffic> = {}): Traffic {
  return { ...b0, ...more, stable: { latency: typical }, canary: { latency: canary } }
}

function errors(stable: number, canary: number, more: Partial<Traffic> = {}): Traffic {
  return { ...b0, ...more, stable: { errors: stable }, canary: { errors: canary } }
}

const shown: Requirement = { kind: 'shown' }
const atMost = (level: number, of: 'failed' | 'passed' | 'splitMissed' = 'failed'): Requirement => ({
  kind: 'rate',
  of,
  level,
})
const within = (seconds: number, to: 'fail' | 'pass' = 'fail'): Requirement => ({
  kind: 'median',
  to,
  most: seconds,
  unit: 's',
})

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

const shares = Array.from({ length: 16 }, (_, at) => [0.001, 0.01, 0.05, 0.3][at % 4]!)
const thousand = both(
  { latency: typical, errors: 0.01, number: { zeros: 0.5, others: wide }, shares },
  { operations: 50, ...rps(1000), ...minutes(10) },
)
const thousandAtZero: Partial<Policy> = {
  metrics: [
    ...allAtZero.metrics!,
    ...numberAtZero.metrics!,
    ...shares.map((_, at) => metric(`share${at}`, { share: `app.share${at}=true`, margin: '1' })),
  ],
  minimumShare: 0.001,
}
const b0Traffic = both({})
const expecting = (name: string, entry: MetricInput): Partial<Policy> => ({ metrics: [metric(name, entry)] })
const tenthBetter = expecting('latency', { expect: 'better', margin: '10%' })
const fewerErrors = expecting('errors', { expect: 'better', margin: '1.5' })
const sameLatency = expecting('latency', { expect: 'same', margin: '10%' })
const sameErrors = expecting('errors', { expect: 'same', margin: '1.5' })
const tenthFaster = latency(scaled(typical, 0.9))
const tenthSlower = latency(scaled(typical, 1.1))
const atBetterOdds = errors(0.01, oddsTimes(0.01, 1 / 1.5))
const once = (policy: Partial<Policy>): Partial<Policy> => ({ ...policy, mode: 'fixed' })

const sizes = {
  '1 + 1': { canary: 1, stable: 1 },
  '1 + 9': { canary: 1, stable: 9 },
  '3 + 3': { canary: 3, stable: 3 },
  '10 + 10': { canary: 10, stable: 10 },
} as const
const befalls = {
  'nothing but chance, errors 0.5 %': errorRate(0.005),
  'stalls of 1 to 2 s, every 2 minutes': stalls(120),
  'half of all requests fail for 1 to 5 s, every 5 minutes': bursts(300, 0.5),
  'all requests fail for 1 to 5 s, every 15 minutes': bursts(900, 1),
  'a third of all requests fail everywhere for 1 to 5 s': burstsOnAll(200, 0.3),
  'CPU is stolen for 20 to 60 s, every hour': steal(3600),
  'CPU is stolen from all for 1 to 3 min, every 15 minutes': stealFromAll(900),
  'no connections for 10 to 20 s, every 15 minutes': pool(900),
  'levels wander, sd 5 %': wander(0.05),
  'hosts differ, sd 5 %': hosts(0.05),
  'failures are tried again, and again': together(errorRate(0.01), retries(3)),
  'garbage collection every 10 s': collections,
  'caches are lost for 10 to 20 s, every 10 minutes': misses(600),
  'the canary has a third of the load, stalls every 5 minutes': together(load(1 / 3), stalls(300)),
} as const

export const peersOnLatency = 'Beside others: latency, margin 0, half an hour'
export const peersOnErrors = 'Beside others: errors, margin 0, half an hour'

/** Every cell of the calibration, in the order of its table. */
export const cells: readonly Calibrated[] = [
  ...group('T1: false alarms of equal services, margin 0, any time in 30 minutes', [
    cell('latency', 2000, atMost(plain), latency(typical), latencyAtZero),
    cell('latency, sigma 0.4', 2000, atMost(plain), both({ latency: narrow }), latencyAtZero),
    cell('latency, sigma 1', 2000, atMost(plain), both({ latency: wide }), latencyAtZero),
    cell('latency, cache hits and misses', 2000, atMost(alpha), both({ latency: cached }), latencyAtZero),
    cell('latency, Pareto tail of index 1.5 on 1 %', 2000, atMost(alpha), both({ latency: heavy }), latencyAtZero),
    cell('latency, whole milliseconds around 4', 2000, atMost(alpha), both({ latency: inMilliseconds }), latencyAtZero),
    cell(
      'latency, whole microseconds around 40',
      2000,
      atMost(alpha),
      both({ latency: inMicroseconds }),
      latencyAtZero,
    ),
    cell('latency, +-30 % in half an hour', 2000, atMost(alpha), latency(typical, day(0.3)), latencyAtZero),
    cell('latency, ramp 5, 25, 50 %', 2000, atMost(alpha), latency(typical, ramp), latencyAtZero),
    cell('latency, +-30 % and ramp 5, 25, 50 %', 2000, atMost(alpha), latency(typical, daily(0.3)), latencyAtZero),
    cell(
      'latency, level an AR(1) of sd 3 %, rho 0.8',
      2000,
      atMost(alpha),
      latency(typical, { drift: { sd: 0.03, rho: 0.8 } }),
      latencyAtZero,
    ),
    cell(
      'latency, five spans a trace, ICC 0.5',
      1000,
      atMost(alpha),
      both({ latency: typical, traces: fiveSpans }),
      latencyAtZero,
    ),
    cell('latency, arrivals in batches of 5', 2000, atMost(alpha), latency(typical, { batch: 5 }), latencyAtZero),
    cell('latency, 1 % of spans late', 2000, atMost(alpha), both({ latency: typical, kept: 0.99 }), latencyAtZero),
    cell(
      'latency, first minute three times slower, left out',
      2000,
      atMost(alpha),
      latency(typical, cold(true)),
      latencyAtZero,
    ),
    cell('latency, canary 1 %', 2000, atMost(alpha), latency(typical, split(0.01)), latencyAtZero),
    cell('latency, canary 5 %', 2000, atMost(alpha), latency(typical, split(0.05)), latencyAtZero),
    cell('latency, canary 50 %', 2000, atMost(alpha), latency(typical, split(0.5)), latencyAtZero),
    cell('latency, 5 requests/s', 2000, atMost(alpha), latency(typical, rps(5)), latencyAtZero),
    cell('latency, 2000 requests/s', 400, atMost(alpha), latency(typical, rps(2000)), latencyAtZero),
    cell('errors 0.01 %', 2000, atMost(plain), errors(0.0001, 0.0001), errorsAtZero),
    cell('errors 0.1 %', 2000, atMost(plain), errors(0.001, 0.001), errorsAtZero),
    cell('errors 1 %', 2000, atMost(plain), errors(0.01, 0.01), errorsAtZero),
    cell('errors 5 %', 2000, atMost(plain), errors(0.05, 0.05), errorsAtZero),
    cell(
      'errors 0.5 %, +-80 % and ramp 5, 25, 50 %',
      2000,
      atMost(alpha),
      errors(0.005, 0.005, daily(0.8)),
      errorsAtZero,
    ),
    cell('errors 1 %, canary 50 %', 2000, atMost(alpha), errors(0.01, 0.01, split(0.5)), errorsAtZero),
    cell('errors 1 %, 5 requests/s', 2000, atMost(alpha), errors(0.01, 0.01, rps(5)), errorsAtZero),
    cell('errors 0.01 %, 2000 requests/s', 1000, atMost(alpha), errors(0.0001, 0.0001, rps(2000)), errorsAtZero),
    cell(
      'a number, 95 % of it zero',
      1000,
      atMost(alpha),
      both({ number: { zeros: 0.95, others: wide } }),
      numberAtZero,
    ),
    cell('latency, errors and 4xx together', 1000, atMost(alpha), both({ latency: typical, errors: 0.01 }), allAtZero),
    cell('ten operations, latency, errors and 4xx of each and of all', 300, atMost(alpha), manyFindings, allAtZero),
    cell('a thousand findings: 50 operations, 20 metrics, ten minutes', 200, atMost(alpha), thousand, thousandAtZero),
  ]),
  ...group('T1: false alarms where instances differ: default margins', [
    cell('latency, 3 instances and 27, sd 2 %', 1000, atMost(alpha), latency(typical, pods(0.02)), latencyAlone),
    cell('latency, 3 instances and 27, sd 5 %', 1000, atMost(alpha), latency(typical, pods(0.05)), latencyAlone),
    cell('the same, sd 2 %, margin 0: not to be done', 500, shown, latency(typical, pods(0.02)), latencyAtZero),
    cell(
      'latency, first minute three times slower, not left out: neither',
      500,
      shown,
      latency(typical, cold(false)),
      latencyAlone,
    ),
  ]),
  ...group('T1: false alarms at the default margins', [
    cell('a tenth faster', 400, atMost(alpha), latency(scaled(typical, 0.9)), latencyAlone),
    cell('equal services, errors 1 %', 400, atMost(alpha), both({ latency: typical, errors: 0.01 })),
    cell('latency exactly 10 % slower', 1000, atMost(alpha), latency(scaled(typical, 1.1)), latencyAlone),
    cell('errors 1 %, odds ratio exactly 1.5', 2000, atMost(alpha), atOddsMargin, errorsAlone),
    cell('errors 0.05 %, exactly 0.1 points more', 2000, atMost(alpha), justBeyond, errorsAlone),
  ]),
  ...group('T2, T3: detection, margin 0, one finding', [
    cell('latency +2 %', 400, shown, latency(scaled(typical, 1.02)), latencyAtZero),
    cell('latency +5 %', 400, within(200), latency(scaled(typical, 1.05)), latencyAtZero),
    cell('latency +10 %', 400, within(80), latency(scaled(typical, 1.1), minutes(10)), latencyAtZero),
    cell('latency +25 %', 400, within(30), latency(scaled(typical, 1.25), minutes(5)), latencyAtZero),
    cell('2 % of requests x 5', 400, within(140), latency(slowRequests(0.02, 5), minutes(10)), latencyAtZero),
    cell('errors 0.1 % x 5', 400, within(160), errors(0.001, 0.005), errorsAtZero),
    cell('errors 0.1 % x 10', 400, within(80), errors(0.001, 0.01), errorsAtZero),
    cell('errors 1 % x 2', 400, within(125), errors(0.01, 0.02), errorsAtZero),
    cell('errors 1 % x 5', 400, within(30), errors(0.01, 0.05, minutes(5)), errorsAtZero),
  ]),
  ...group('T2, T3: detection at the default margins', [
    cell('latency +25 %, one finding', 400, within(60), latency(scaled(typical, 1.25), minutes(5)), latencyAlone),
    cell('latency +25 %, with errors and 4xx in the gate', 400, within(60), latency(scaled(typical, 1.25), minutes(5))),
    cell('2 % of requests x 5, one finding', 400, within(360), latency(slowRequests(0.02, 5)), latencyAlone),
    cell('errors 1 % x 5, one finding', 400, within(60), errors(0.01, 0.05, minutes(5)), errorsAlone),
    cell('errors 1 % x 5, with latency and 4xx in the gate', 400, within(60), bothWorse),
    cell('errors 0.1 % x 5, one finding', 400, within(360), errors(0.001, 0.005), errorsAlone),
    cell('errors from none to 1 %, one finding', 400, within(75), errors(0, 0.01, minutes(10)), errorsAlone),
    cell('latency +25 % from the 15th minute on', 200, within(900 + 180), latency(scaled(typical, 1.25), halfway)),
    cell('errors 1 % x 5 from the 15th minute on', 200, within(900 + 150), errors(0.01, 0.05, halfway)),
  ]),
  ...group('T5: PASS at the default margins', [
    cell('equal services without errors', 400, within(600, 'pass'), latency(typical)),
    cell('no errors at all, errors alone', 100, within(600, 'pass'), errors(0, 0), errorsAlone),
    cell('errors 1 %, errors alone', 400, within(600, 'pass'), errors(0.01, 0.01), errorsAlone),
  ]),
  ...group('T5: wrong PASS at the default margins, 30 minutes', [
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
  ...group('Expectations that are true to a hair: false alarms', [
    cell('latency better by 10 %', 400, atMost(alpha), tenthFaster, tenthBetter),
    cell('latency the same within 10 %', 400, atMost(alpha), tenthSlower, sameLatency),
    cell('errors 1 %, better by an odds ratio of 1.5', 400, atMost(alpha), atBetterOdds, fewerErrors),
    cell('errors 1 %, the same within an odds ratio of 1.5', 400, atMost(alpha), atOddsMargin, sameErrors),
  ]),
  ...group('Expectations that are false by a hair: confirmed', [
    cell('latency better by 10 %', 400, atMost(alpha, 'passed'), tenthFaster, tenthBetter),
    cell('latency the same within 10 %', 400, atMost(alpha, 'passed'), tenthSlower, sameLatency),
    cell('errors 1 %, better by an odds ratio of 1.5', 400, atMost(alpha, 'passed'), atBetterOdds, fewerErrors),
    cell('errors 1 %, the same within 1.5', 400, atMost(alpha, 'passed'), atOddsMargin, sameErrors),
  ]),
  ...group('mode: fixed, one look after 30 minutes', [
    cell('equal latency, margin 0', 400, atMost(alpha), latency(typical), once(latencyAtZero)),
    cell('equal errors 1 %, margin 0', 400, atMost(alpha), errors(0.01, 0.01), once(errorsAtZero)),
    cell('equal errors 0.01 %, margin 0', 400, atMost(alpha), errors(0.0001, 0.0001), once(errorsAtZero)),
    cell(
      'latency, errors and 4xx, margin 0',
      400,
      atMost(alpha),
      both({ latency: typical, errors: 0.01 }),
      once(allAtZero),
    ),
    cell('latency exactly 10 % slower', 400, atMost(alpha), tenthSlower, once(latencyAlone)),
    cell('errors 0.05 %, exactly 0.1 points more', 2000, atMost(alpha), justBeyond, once(errorsAlone)),
    cell('PASS of latency exactly 10 % slower', 400, atMost(alpha, 'passed'), tenthSlower, once(latencyAlone)),
    cell('PASS of errors at an odds ratio of 1.5', 400, atMost(alpha, 'passed'), atOddsMargin, once(errorsAlone)),
    cell('PASS of errors 0.05 %, exactly 0.1 points more', 400, atMost(alpha, 'passed'), justBeyond, once(errorsAlone)),
    cell(
      'PASS of 1 % of requests x 20',
      400,
      atMost(alpha, 'passed'),
      latency(slowRequests(0.01, 20)),
      once(latencyAlone),
    ),
  ]),
  ...group('T4: lost requests and the split', [
    cell('the declared 10 % arrive: split missed', 2000, atMost(0.001, 'splitMissed'), losing(1), splitAlone),
    cell('the declared 10 % arrive: lost requests, margin 0', 2000, atMost(alpha), losing(1), splitAtZero),
    cell('a tenth of the canary’s requests lost, margin 0', 400, within(95), losing(0.9), splitAtZero),
    cell('half of the canary’s requests lost', 400, within(30), { ...losing(0.5), ...minutes(5) }, splitAlone),
    units(
      'units to tell 49 from 50 %, at 0.1 %',
      400,
      { kind: 'median', to: 'fail', most: 45_000, unit: 'units' },
      0.49,
    ),
    units('units of a true half, at 0.1 %', 2000, atMost(0.001), 0.5),
  ]),
  ...group('T8: buckets, latency +5 %, margin 0', [
    cell('scale 10, 0.07 % wide', 200, shown, latency(scaled(typical, 1.05), { scale: 10 }), latencyAtZero),
    cell('scale 5, 2.2 % wide', 200, shown, latency(scaled(typical, 1.05), { scale: 5 }), latencyAtZero),
    cell('scale 3, 9 % wide', 200, shown, latency(scaled(typical, 1.05), { scale: 3 }), latencyAtZero),
  ]),
  ...group(
    'T9: false alarms where requests are not independent, default margins, 100 requests/s',
    Object.entries(sizes).flatMap(([size, instances]) =>
      Object.entries(befalls).map(([name, nuisance]) =>
        fleet(`${size}: ${name}`, 200, healthyUnless(name, size), { size: instances, perSecond: 100, nuisance }),
      ),
    ),
  ),
  ...group(
    'T9: the same at 10 and 500 requests/s, 1 + 9 instances',
    [10, 500].flatMap((perSecond) =>
      (['stalls of 1 to 2 s, every 2 minutes', 'half of all requests fail for 1 to 5 s, every 5 minutes'] as const).map(
        (name) =>
          fleet(`${perSecond}/s: ${name}`, 100, atMost(alpha), {
            size: sizes['1 + 9'],
            perSecond,
            nuisance: befalls[name],
          }),
      ),
    ),
  ),
  ...group('T9: detection where requests are not independent, 1 + 9 instances, 100 requests/s', [
    fleet('latency +25 %', 100, within(65), { size: sizes['1 + 9'], perSecond: 100, nuisance: slower(1.25) }),
    fleet('latency x 2', 100, within(25), { size: sizes['1 + 9'], perSecond: 100, nuisance: slower(2) }),
    fleet('errors 1 -> 5 %', 100, within(60), {
      size: sizes['1 + 9'],
      perSecond: 100,
      nuisance: together(errorRate(0.01), failing(0.05)),
    }),
    fleet('half of all requests fail', 100, within(25), {
      size: sizes['1 + 9'],
      perSecond: 100,
      nuisance: failing(0.5),
    }),
    fleet('latency +25 %, stalls every 2 minutes', 100, within(120), {
      size: sizes['1 + 9'],
      perSecond: 100,
      nuisance: together(slower(1.25), stalls(120)),
    }),
    fleet('latency x 2, 3 + 3 instances', 100, within(30), {
      size: sizes['3 + 3'],
      perSecond: 100,
      nuisance: slower(2),
    }),
  ]),
  ...group('T10: little traffic, a request a minute in each arm, an hour', [
    cell('equal, latency, margin 0', 1000, atMost(alpha), minutely(latency(typical)), latencyAtZero),
    cell('equal, errors 5 %, margin 0', 1000, atMost(alpha), minutely(errors(0.05, 0.05)), errorsAtZero),
    cell('equal, default margins', 1000, atMost(alpha), minutely(both({ latency: typical, errors: 0.01 }))),
    cell('half of all requests fail, a request a minute', 200, within(3600), minutely(errors(0.01, 0.5))),
    cell('ten times slower', 200, within(3600), minutely(latency(scaled(typical, 10)))),
  ]),
  ...group(
    'T11: which of them it was, 60 requests/s, from the FAIL to twice its time',
    (Object.keys(truths) as (keyof typeof truths)[]).flatMap((truth) => [
      which(`latency +50 %: ${truth}`, 100, truth, { latency: 1.5 }),
      which(`errors 1 -> 5 %: ${truth}`, 100, truth, { errors: 0.04 }),
    ]),
  ),
  ...group(peersOnLatency, [
    beside('equal', 400, 'latency', both({ latency: typical })),
    beside('+2 %', 200, 'latency', latency(scaled(typical, 1.02))),
    beside('+5 %', 200, 'latency', latency(scaled(typical, 1.05))),
    beside('+10 %', 200, 'latency', latency(scaled(typical, 1.1))),
    beside('+25 %', 200, 'latency', latency(scaled(typical, 1.25))),
    beside('2 % x 5', 200, 'latency', latency(slowRequests(0.02, 5))),
    beside('0.5 % x 10', 200, 'latency', latency(slowRequests(0.005, 10))),
    beside('+-30 %, ramp', 200, 'latency', latency(typical, daily(0.3))),
  ]),
  ...group(peersOnErrors, [
    beside('0.1 %', 1000, 'errors', errors(0.001, 0.001)),
    beside('1 %', 1000, 'errors', errors(0.01, 0.01)),
    beside('0.1 % x 5', 400, 'errors', errors(0.001, 0.005)),
    beside('1 % x 1.5', 400, 'errors', errors(0.01, 0.015)),
    beside('1 % x 2', 400, 'errors', errors(0.01, 0.02)),
    beside('1 % x 5', 400, 'errors', errors(0.01, 0.05)),
  ]),
]

/** Every cell has random numbers of its own, whatever stands before it in the table. */
export function seedOf({ group, name }: Calibrated): number {
  let hash = 0x811c9dc5
  for (const character of `${group}: ${name}`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  return hash >>> 1
}

function beside(name: string, runs: number, about: 'latency' | 'errors', traffic: Traffic) {
  return { ...cell(name, runs, shown, traffic, about === 'latency' ? latencyAtZero : errorsAtZero), peers: about }
}

/** One canary process that starves cannot be told from a build that is slow: the verdict proves the instance. */
function healthyUnless(name: string, size: string): Requirement {
  return size.startsWith('1 ') && name.startsWith('CPU is stolen for') ? shown : atMost(alpha)
}

function fleet(name: string, runs: number, requirement: Requirement, befallen: Fleet) {
  return {
    ...cell(name, runs, requirement, b0Traffic),
    measure: ({ runs }: Cell, seed: number) => simulateFleet(befallen, runs, seed),
  }
}

function which(name: string, runs: number, truth: keyof typeof truths, step: Step) {
  return {
    ...cell(name, runs, { kind: 'named', right: 0.9, wrong: 0.05 }, b0Traffic),
    measure: ({ runs }: Cell, seed: number) => nameTruth(truth, step, 240, runs, seed),
  }
}

function units(name: string, runs: number, requirement: Requirement, share: number) {
  return {
    ...cell(name, runs, requirement, b0Traffic),
    measure: ({ runs }: Cell, seed: number) => splitUnits(share, runs, seed),
  }
}

function cell(name: string, runs: number, requirement: Requirement, traffic: Traffic, policy: Partial<Policy> = {}) {
  return { name, runs, requirement, traffic, policy, measure: simulate }
}

function group(name: string, some: readonly Omit<Calibrated, 'group'>[]): Calibrated[] {
  return some.map((one) => ({ ...one, group: name }))
}

function oddsTimes(p: number, oddsRatio: number): number {
  const odds = (p / (1 - p)) * oddsRatio
  return odds / (1 + odds)
}
