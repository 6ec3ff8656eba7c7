import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { canaryInTop, type Distributions, wins } from './distributions.ts'
import { type EProcess, meanProcess, minProcess } from './e-process.ts'
import { emptyHistogram, histogramOf } from './histogram.ts'
import { logMoments } from './hypergeometric.ts'
import { bucketMap, mapHistogram } from './map-histogram.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import { randomOf } from './random.ts'
import { rankProcess } from './rank.ts'
import { ranksOf } from './ranks.ts'
import type { Rates } from './rates.ts'
import { riskDifferenceProcess } from './risk-difference.ts'
import { shareProcess, shareWithMargin } from './share.ts'
import { tailProcess } from './tail.ts'
import { type TailShare, tailSize } from './tail-size.ts'

const oracle = tables<{
  logMoments: { n: number; m: number; events: number; tilt: number; expected: number }[]
  rank: { greater: boolean; stable: number[][]; canary: number[][]; expected: number }[]
  tail: { greater: boolean; share: TailShare; stable: number[][]; canary: number[][]; expected: number }[]
  riskDifference: {
    greater: boolean
    difference: number
    blocks: [number, number, number, number][]
    expected: number
  }[]
  wins: { stable: number[]; canary: number[]; expected: number }[]
  oddsRatio: { greater: boolean; oddsRatio: number; blocks: [number, number, number, number][]; expected: number }[]
  share: {
    alternative: 'greater' | 'less' | 'different'
    share: number
    concentration: number
    stable: number
    canary: number
    expected: number
  }[]
}>('evidence')

test.each(oracle.logMoments)('log E exp($tilt y), $events events in $n and $m, is R’s dhyper sum', (row) => {
  const into = new Float64Array(1)
  logMoments(row, [row.tilt], into)
  expect(Math.abs(into[0]! - row.expected)).toBeLessThan(1e-9)
})

test.each(oracle.wins)('the canary’s wins are the W of R’s wilcox.test', ({ stable, canary, expected }) => {
  // Whole numbers below 128 have a bucket each at scale 8.
  expect(wins({ stable: histogramOf(stable, 8), canary: histogramOf(canary, 8) }, 0)).toBe(expected)
})

test.each(oracle.oddsRatio)('odds-ratio evidence is the one from R’s dhyper, margin $oddsRatio', (row) => {
  const alternative = row.greater ? 'greater' : 'less'
  const process = oddsRatioProcess({ alternative, oddsRatio: row.oddsRatio })
  for (const [n, events, m, canaryEvents] of row.blocks) {
    process.add({ stable: { n, events }, canary: { n: m, events: canaryEvents } })
  }
  expect(Math.abs(process.logE - row.expected)).toBeLessThan(1e-9)
})

test.each(oracle.riskDifference)('risk-difference evidence is R’s, margin $difference', (row) => {
  const alternative = row.greater ? 'greater' : 'less'
  const process = riskDifferenceProcess({ alternative, difference: row.difference })
  for (const [n, events, m, canaryEvents] of row.blocks) {
    process.add({ stable: { n, events }, canary: { n: m, events: canaryEvents } })
  }
  expect(Math.abs(process.logE - row.expected)).toBeLessThan(1e-9)
})

test.each(oracle.rank)('rank evidence is the one from R’s wilcox.test, $stable', (row) => {
  const process = rankProcess({ alternative: row.greater ? 'greater' : 'less' })
  row.stable.forEach((stable, at) => {
    process.add({ stable: histogramOf(stable, 8), canary: histogramOf(row.canary[at]!, 8) })
  })
  expect(Math.abs(process.logE - row.expected)).toBeLessThan(1e-9)
})

test.each(oracle.tail)('evidence from the top $share is R’s, ties at the edge as their mean', (row) => {
  const process = tailProcess({ alternative: row.greater ? 'greater' : 'less', share: row.share })
  row.stable.forEach((stable, at) => {
    process.add({ stable: histogramOf(stable, 8), canary: histogramOf(row.canary[at]!, 8) })
  })
  expect(Math.abs(process.logE - row.expected)).toBeLessThan(1e-9)
})

test.each(oracle.share)('evidence on a share of $share, $alternative, is R’s integral over the prior', (row) => {
  const process = shareProcess(row)
  process.add(row)
  expect(Math.abs(process.logE - row.expected)).toBeLessThan(1e-7 * Math.max(1, Math.abs(row.expected)))
})

test('values published or worked out by others', () => {
  const into = new Float64Array(1)
  logMoments({ n: 450, m: 50, events: 5 }, [Math.log(3)], into)
  expect(3 * Math.log(3) - into[0]!).toBeCloseTo(2.389221054914, 11)
  const share = shareProcess({ alternative: 'different', share: 0.5, concentration: 100 })
  share.add({ stable: 212, canary: 156 })
  expect(share.logE).toBeCloseTo(2.5920750682, 9)
})

test('the values of the examples in the comments', () => {
  const rank = rankProcess({ alternative: 'greater' })
  rank.add({ stable: histogramOf([1, 2, 3]), canary: histogramOf([4, 5]) })
  expect(rank.logE).toBeCloseTo(0.42, 2)
  const tail = tailProcess({ alternative: 'greater', share: 0.1 })
  tail.add({ stable: histogramOf([1, 2, 3, 4, 5, 6, 7, 8]), canary: histogramOf([9, 10]) })
  expect(tail.logE).toBeCloseTo(0.56, 2)
  const odds = oddsRatioProcess({ alternative: 'greater', oddsRatio: 1 })
  odds.add({ stable: { n: 450, events: 2 }, canary: { n: 50, events: 1 } })
  expect(odds.logE).toBeCloseTo(0.3, 2)
  const risk = riskDifferenceProcess({ alternative: 'less', difference: 0.001 })
  risk.add({ stable: { n: 9000, events: 0 }, canary: { n: 1000, events: 0 } })
  expect(risk.logE).toBeCloseTo(0.65, 2)
  expect(shareWithMargin(0.5, 0.9)).toBeCloseTo(0.4737, 4)
})

test('the value of the example in the README', () => {
  const seconds = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at / 1000)
  const tick = { stable: histogramOf(seconds(0.1, 90)), canary: histogramOf(seconds(0.16, 10)) }
  const slower = rankProcess({ alternative: 'greater' })
  for (let ticks = 0; ticks < 4; ticks += 1) slower.add(tick)
  expect(Math.exp(slower.maxLogE)).toBeCloseTo(36.4, 1)
})

const latencies = fc.array(fc.constantFrom<number[]>(0, 1, 2, 3, 4, 5, 8, 13, 40), { minLength: 1, maxLength: 30 })
const distributionProcesses = [
  { name: 'rank', make: (alternative: 'greater' | 'less') => rankProcess({ alternative }) },
  { name: 'top 10 %', make: (alternative: 'greater' | 'less') => tailProcess({ alternative, share: 0.1 }) },
  { name: 'top 1 %', make: (alternative: 'greater' | 'less') => tailProcess({ alternative, share: 0.01 }) },
]

test.each(distributionProcesses)('$name: a slower canary is never less evidence that it is slower', ({ make }) => {
  fc.assert(
    fc.property(latencies, latencies, fc.nat(), (stable, canary, pick) => {
      const slower = canary.with(pick % canary.length, canary[pick % canary.length]! * 1.3 + 1)
      expect(after(make('greater'), stable, slower)).toBeGreaterThanOrEqual(
        after(make('greater'), stable, canary) - 1e-12,
      )
      expect(after(make('less'), stable, slower)).toBeLessThanOrEqual(after(make('less'), stable, canary) + 1e-12)
    }),
  )
})

test.each(distributionProcesses)('$name: any unit of the values gives the same evidence', ({ make }) => {
  fc.assert(
    fc.property(latencies, latencies, (stable, canary) => {
      const doubled = (values: readonly number[]) => values.map((value) => 1024 * value)
      expect(after(make('greater'), doubled(stable), doubled(canary))).toBe(after(make('greater'), stable, canary))
    }),
  )
})

test('rank: swapping the arms swaps the evidence, but for the stake that is held back', () => {
  fc.assert(
    fc.property(latencies, latencies, (stable, canary) => {
      const up = after(rankProcess({ alternative: 'greater' }), stable, canary)
      const down = after(rankProcess({ alternative: 'less' }), canary, stable)
      expect(up).toBeCloseTo(withStakeHeld(down, stable.length, canary.length), 12)
    }),
  )
})

test('odds ratio: swapping the arms swaps the evidence, but for the stake that is held back', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(60), fc.nat(), fc.nat(), (n, m, x, y) => {
      const stable = { n, events: x % (n + 1) }
      const canary = { n: m, events: y % (m + 1) }
      const up = oddsRatioProcess({ alternative: 'greater', oddsRatio: 1.5 })
      up.add({ stable, canary })
      const down = oddsRatioProcess({ alternative: 'less', oddsRatio: 1 / 1.5 })
      down.add({ stable: canary, canary: stable })
      const told = down.logE !== 0
      expect(up.logE).toBeCloseTo(told ? withStakeHeld(down.logE, n, m) : 0, 10)
    }),
  )
})

test('a tick that came in shards and was merged is the whole tick', () => {
  const values = [0.1, 0.12, 0.2, 0.5, 0.09, 0.3, 1.2]
  const whole = after(tailProcess({ alternative: 'greater', share: 0.1 }), values, [2, 3])
  expect(after(tailProcess({ alternative: 'greater', share: 0.1 }), values.toReversed(), [3, 2])).toBe(whole)
})

test('arms at different scales are compared at the coarser one', () => {
  const block = { stable: histogramOf([1, 2, 3, 9], 5), canary: histogramOf([2, 7], 2) }
  const coarse = { stable: histogramOf([1, 2, 3, 9], 2), canary: histogramOf([2, 7], 2) }
  for (const { make } of distributionProcesses) {
    const mixed = make('greater')
    mixed.add(block)
    const same = make('greater')
    same.add(coarse)
    expect(mixed.logE).toBe(same.logE)
  }
})

test.each(distributionProcesses)(
  '$name: buckets of 2.2 % lose next to nothing against ones a thousand times finer',
  ({ make }) => {
    const draw = randomOf(1)
    const normal = () => Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw())
    const values = (n: number, median: number) => Array.from({ length: n }, () => median * Math.exp(0.6 * normal()))
    const coarse = make('greater')
    const fine = make('greater')
    for (let tick = 0; tick < 200; tick += 1) {
      const stable = values(450, 0.1)
      const canary = values(50, 0.125)
      coarse.add({ stable: histogramOf(stable, 5), canary: histogramOf(canary, 5) })
      fine.add({ stable: histogramOf(stable, 15), canary: histogramOf(canary, 15) })
    }
    expect(coarse.logE / fine.logE).toBeGreaterThan(0.97)
    expect(coarse.logE / fine.logE).toBeLessThan(1.03)
  },
)

test('the strata of a tick count together, in whatever order they come', () => {
  const strata = [3, 0, 7].map((events) => ({ stable: { n: 90, events: 4 }, canary: { n: 10, events } }))
  for (const make of [0, 1, 2, 3].map((at) => () => rateProcesses()[at]!)) {
    const one = make()
    one.add(...strata)
    const other = make()
    other.add(...strata.toReversed())
    expect(other.logE).toBeCloseTo(one.logE, 12)
    expect(one.maxLogE).toBe(Math.max(0, one.logE))
  }
  const blocks = [
    { stable: histogramOf([1, 2, 3, 4, 9]), canary: histogramOf([2, 8]) },
    { stable: histogramOf([10, 20, 30]), canary: histogramOf([40, 1]) },
  ]
  for (const { make } of distributionProcesses) {
    const together = make('less')
    together.add(...blocks)
    const apart = make('less')
    for (const block of blocks) apart.add(block)
    expect(together.logE).toBeCloseTo(apart.logE, 12)
  }
})

test('ranks are worked out against stable moved by a margin, as if its histogram had been moved', () => {
  const limit = (value: number) => Math.max(1.1 * value, value + 2)
  fc.assert(
    fc.property(latencies, latencies, fc.constantFrom<('up' | 'down')[]>('up', 'down'), (stable, canary, rounding) => {
      const block = { stable: histogramOf(stable), canary: histogramOf(canary, 3) }
      const moved = { stable: mapHistogram(block.stable, limit, rounding), canary: block.canary }
      expect(ranksOf(block, bucketMap(limit, rounding))).toEqual(ranksOf(moved))
      expect(ranksOf(moved).wins).toBe(wins(moved, 0))
      const size = tailSize(0.1, stable.length, canary.length)
      expect(ranksOf(moved).inTails[0]).toBeCloseTo(canaryInTop(moved, size, 0), 9)
    }),
  )
})

test('an empty arm adds nothing', () => {
  for (const { make } of distributionProcesses) {
    expect(after(make('greater'), [], [5, 6])).toBeCloseTo(0, 12)
    expect(after(make('greater'), [5, 6], [])).toBeCloseTo(0, 12)
  }
  const nobody = { n: 0, events: 0 }
  const some = { n: 10, events: 3 }
  for (const process of rateProcesses()) {
    process.add({ stable: some, canary: nobody })
    process.add({ stable: nobody, canary: some })
    expect(process.logE).toBeCloseTo(0, 12)
    expect(process.maxLogE).toBe(process.logE)
  }
})

test('the maximum remembers, and joined processes have one of their own', () => {
  const up = oddsRatioProcess({ alternative: 'greater', oddsRatio: 1 })
  const down = oddsRatioProcess({ alternative: 'less', oddsRatio: 1 })
  const mean = meanProcess([up, down])
  const min = minProcess([up, down])
  const seen: number[] = [0]
  for (const events of [3, 0, 5, 0, 0, 0]) {
    const block = { stable: { n: 50, events: 3 - (events % 3) }, canary: { n: 50, events } }
    mean.add(block)
    seen.push(Math.log((Math.exp(up.logE) + Math.exp(down.logE)) / 2))
    expect(mean.logE).toBeCloseTo(seen.at(-1)!, 12)
    expect(mean.maxLogE).toBeCloseTo(Math.max(...seen), 12)
  }
  min.add({ stable: { n: 50, events: 3 }, canary: { n: 50, events: 9 } })
  expect(min.logE).toBe(Math.min(up.logE, down.logE))
  expect(() => meanProcess([])).toThrow(RangeError)
})

test('two thousand blocks of nearly nothing but errors do not overflow', () => {
  const process = oddsRatioProcess({ alternative: 'greater', oddsRatio: 1 })
  for (let at = 0; at < 2000; at += 1) process.add({ stable: { n: 5000, events: 1 }, canary: { n: 500, events: 400 } })
  expect(process.logE).toBeCloseTo(2000 * Math.log(3), 0)
  expect(Number.isFinite(process.maxLogE)).toBe(true)
})

test.each([
  ['stable.n', { stable: { n: -1, events: 0 }, canary: { n: 1, events: 0 } }],
  ['stable.n', { stable: { n: Number.NaN, events: 0 }, canary: { n: 1, events: 0 } }],
  ['canary.events', { stable: { n: 1, events: 0 }, canary: { n: 1, events: 2 } }],
  ['canary.events', { stable: { n: 1, events: 0 }, canary: { n: 5, events: 0.5 } }],
])('rates that make no sense are an error that names %s', (name, block) => {
  for (const process of rateProcesses()) {
    expect(() => process.add(block)).toThrow(RangeError)
    expect(() => process.add(block)).toThrow(name)
  }
})

test.each([
  ['oddsRatio', () => oddsRatioProcess({ alternative: 'less', oddsRatio: 0 })],
  ['difference', () => riskDifferenceProcess({ alternative: 'less', difference: 1 })],
  ['share', () => shareProcess({ alternative: 'less', share: 1, concentration: 100 })],
  ['concentration', () => shareProcess({ alternative: 'less', share: 0.5, concentration: 0 })],
  ['canary', () => shareProcess({ alternative: 'less', share: 0.5, concentration: 1 }).add({ stable: 1, canary: -1 })],
  [
    'canary',
    () =>
      rankProcess({ alternative: 'less' }).add({
        stable: emptyHistogram(),
        canary: { scale: 5, zero: -1, indices: [], counts: [] },
      }),
  ],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})

function after(process: EProcess<Distributions>, stable: readonly number[], canary: readonly number[]): number {
  process.add({ stable: histogramOf(stable), canary: histogramOf(canary) })
  return process.logE
}

function rateProcesses(): EProcess<Rates>[] {
  return (['greater', 'less'] as const).flatMap((alternative) => [
    oddsRatioProcess({ alternative, oddsRatio: 1.5 }),
    riskDifferenceProcess({ alternative, difference: 0.001 }),
  ])
}

// After one block: what was put in has multiplied, what is held back has not.
function withStakeHeld(logE: number, n: number, m: number): number {
  const left = 0.2 / (1 + Math.log1p((n * m) / (n + m) / 100))
  return Math.log(left + (1 - left) * Math.exp(logE))
}
