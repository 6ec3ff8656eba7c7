/**
 * How soon is a canary settled by latency that is known only in buckets? Half an hour of 100 requests/s in cells of 15 s, a tenth
 * of them the canary's, lognormal around 100 ms (sigma 0.6): the median of nine verdicts.
 */
import { defaultPolicy, judge, metricPolicyOf, plainFacts, type Side, type Slice, tickMs } from '@coalmine/comparator'
import { type Histogram, type Random, randomOf } from '@coalmine/stats'
import { lognormal, sourceOf } from '../calibration/generate.ts'
import type { BenchRow } from './marks.ts'

const cells = 120
const cellMs = 15_000
const perCell = { stable: 1350, canary: 150 }
const seconds = (bounds: readonly number[]): number[] => bounds.map((ms) => ms / 1000)

const buckets = {
  spans: 5,
  'native, schema 3': 3,
  'native, schema 0': 0,
  conventions: seconds([5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000]),
  connector: seconds([2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10_000, 15_000]),
} as const
type Buckets = number | readonly number[]

const asked: readonly (readonly [buckets: keyof typeof buckets, slower: number, most: number | null])[] = [
  ['spans', 1.25, 90],
  ['spans', 1, 1500],
  ['native, schema 3', 1.25, 300],
  ['native, schema 3', 1, 1500],
  ['native, schema 0', 2, null],
  ['native, schema 0', 3, 60],
  ['conventions', 1.5, null],
  ['conventions', 2, 300],
  ['connector', 2, null],
  ['connector', 3, 60],
  ['connector', 1, null],
]

/** Some seconds. */
export async function run(): Promise<BenchRow[]> {
  const latency = asked.map(([name, slower, most]) =>
    rowOf(`${name}, margin 10%,2ms`, slower, most, (seed) => latencyOf(buckets[name], slower, seed)),
  )
  const slow = ([1.25, 1] as const).map((slower) =>
    rowOf('slower than 250 ms, margin 1.5,0.1pp', slower, 300, (seed) => slowOf(slower, seed)),
  )
  return [...latency, ...slow]
}

function rowOf(name: string, slower: number, most: number | null, slicesOf: (seed: number) => Slice[]): BenchRow {
  const metric = name.startsWith('slower')
    ? metricPolicyOf('slow', { share: 'duration>250ms' })
    : metricPolicyOf('latency', {})
  const verdicts = Array.from({ length: 9 }, (_, seed) =>
    judge(slicesOf(seed + 1), { ...defaultPolicy, metrics: [metric] }, facts),
  )
  const settled = verdicts.map((one) => ({ one, after: one.decidedAfterSeconds ?? Infinity }))
  const { one, after } = settled.sort((a, b) => a.after - b.after)[4]!
  return {
    name: `${name}: ${slower === 1 ? 'like stable' : `${slower} times slower`}`,
    value: after === Infinity ? one.verdict : `${one.verdict} after ${after} s`,
    target: most === null ? 'not settled' : `within ${most} s`,
    ok: most === null ? after === Infinity : after <= most && one.verdict === (slower === 1 ? 'pass' : 'fail'),
  }
}

const fine = 5

function drawn(slower: number, seed: number): (arm: 'stable' | 'canary') => Histogram {
  const random: Random = randomOf(seed)
  const source = {
    stable: sourceOf(lognormal({ median: 0.1, sigma: 0.6 }), fine),
    canary: sourceOf(lognormal({ median: 0.1 * slower, sigma: 0.6 }), fine),
  }
  return (arm) => source[arm](perCell[arm], random)
}

function latencyOf(kind: Buckets, slower: number, seed: number): Slice[] {
  const draw = drawn(slower, seed)
  return slicesOf('latency', (arm) => sideOf(draw(arm), kind, perCell[arm]))
}

function slowOf(slower: number, seed: number): Slice[] {
  const draw = drawn(slower, seed)
  return slicesOf('slow', (arm) => {
    const { indices, counts } = draw(arm)
    const events = counts.reduce((sum, n, at) => (indices[at]! >= -2 * 2 ** fine ? sum + n : sum), 0)
    return { kind: 'rate', n: perCell[arm], events }
  })
}

function slicesOf(metric: string, side: (arm: 'stable' | 'canary') => Side): Slice[] {
  return Array.from({ length: cells }, (_, cell): Slice[] => {
    const at = { tick: (cell + 1) * cellMs - tickMs, operation: 'GET /' }
    const count = (arm: 'stable' | 'canary'): Side => ({ kind: 'count', n: perCell[arm] })
    return [
      { ...at, metric: 'requests', stable: count('stable'), canary: count('canary') },
      { ...at, metric, stable: side('stable'), canary: side('canary') },
    ]
  }).flat()
}

/** What was drawn, in these buckets: by the middle of the fine one that a value is in. */
function sideOf({ indices, counts }: Histogram, kind: Buckets, n: number): Side {
  const into = new Map<number, number>()
  indices.forEach((index, at) => {
    const value = 2 ** ((index + 0.5) / 2 ** fine)
    const bucket =
      typeof kind === 'number' ? Math.floor(index / 2 ** (fine - kind)) : kind.filter((bound) => bound < value).length
    into.set(bucket, (into.get(bucket) ?? 0) + counts[at]!)
  })
  const sorted = [...into].sort(([a], [b]) => a - b)
  const histogram = {
    scale: typeof kind === 'number' ? kind : 0,
    zero: 0,
    indices: sorted.map(([index]) => index),
    counts: sorted.map(([, count]) => count),
  }
  return { kind: 'distribution', n, histogram, ...(typeof kind === 'number' ? {} : { bounds: kind }) }
}

const cohort = { requests: 1, instances: 0 }
const facts = plainFacts({
  service: 'shop',
  startMs: 0,
  endMs: cells * cellMs,
  stable: { ...cohort, selector: 'service.version=1.9.0' },
  canary: { ...cohort, selector: 'service.version=2.0.0' },
  source: 'metrics',
  version: 'bench',
})
