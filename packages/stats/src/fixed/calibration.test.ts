// How often each test is wrong when nothing differs, with uneven arms, drift and ramps; and how often its interval misses.
import { expect, test } from 'vitest'
import { eventsOf, lognormal, scaled, sourceOf } from '../../../../test/calibration/generate.ts'
import type { Distributions } from '../distributions.ts'
import { type Random, randomOf } from '../random.ts'
import type { Rates } from '../rates.ts'
import { cochranMantelHaenszel, oddsRatioOnce } from './cochran-mantel-haenszel.ts'
import { hodgesLehmann } from './hodges-lehmann.ts'
import { mannWhitney } from './mann-whitney.ts'
import type { TestResult } from './result.ts'
import { riskDifferenceOnce, riskDifferenceTest } from './risk-difference-test.ts'
import { tailTest } from './tail-test.ts'
import { scaleIntervalOnce, vanElteren } from './van-elteren.ts'

const alpha = 0.05
const runs = 1000
const most = (level: number, count = runs) => level + 3 * Math.sqrt((level * (1 - level)) / count)

// The level of the hour, and how many requests each arm gets in a tick while the canary goes from 5 to 50 %.
const hour = (tick: number) => 1 + 0.3 * Math.sin(tick / 4)
const traffic = (tick: number) => (tick < 10 ? [95, 5] : tick < 20 ? [75, 25] : [50, 50]) as [number, number]
const latencies = Array.from({ length: 30 }, (_, tick) =>
  sourceOf(scaled(lognormal({ median: 0.1, sigma: 0.6 }), hour(tick))),
)

test('ranks and tails keep their level through a busy hour and a ramp', () => {
  const tests: ((blocks: Distributions[]) => TestResult<unknown>)[] = [
    (blocks) => vanElteren(blocks, { alternative: 'greater' }),
    (blocks) => vanElteren(blocks, { alternative: 'different' }),
    (blocks) => tailTest(blocks, { alternative: 'greater', share: 0.1 }),
    (blocks) => tailTest(blocks, { alternative: 'less', share: 0.01 }),
  ]
  for (const rate of wrong(tests, drifting, 1)) expect(rate).toBeLessThan(most(alpha))
})

test('the factor between the arms is in its interval', () => {
  let missed = 0
  for (let run = 0; run < 200; run += 1) {
    const draw = randomOf(9000 + run)
    // Drawn alike, then moved by exactly eight buckets: 2^(8/32) = 1.19.
    const blocks = drifting(draw).map(({ stable, canary }) => ({
      stable,
      canary: { ...canary, indices: canary.indices.map((index) => index + 8) },
    }))
    const { lower, upper } = scaleIntervalOnce(blocks, { alpha: 0.025 })
    if (lower! >= 2 ** (8 / 32) || upper! <= 2 ** (8 / 32)) missed += 1
  }
  expect(missed / 200).toBeLessThan(most(alpha, 200))
})

test.each([
  [0.01, 0],
  [0.0005, 0.001],
  [0.2, 0.03],
])('rates of %d keep their level at a difference of %d, drifting by 80 %', (rate, difference) => {
  const blocks = (draw: Random) => ratesAt(draw, (p) => p + difference, rate)
  const tests: ((blocks: Rates[]) => TestResult<unknown>)[] = [
    (all) => riskDifferenceTest(all, { alternative: 'greater', difference }),
    (all) => riskDifferenceTest(all, { alternative: 'less', difference }),
    (all) => riskDifferenceTest(all, { alternative: 'different', difference }),
  ]
  for (const measured of wrong(tests, blocks, 2)) expect(measured).toBeLessThan(most(alpha))
  let missed = 0
  for (let run = 0; run < 300; run += 1) {
    const { interval } = riskDifferenceOnce(blocks(randomOf(7000 + run)), { alpha: 0.025 })!
    if (interval.lower! > difference || interval.upper! < difference) missed += 1
  }
  expect(missed / 300).toBeLessThan(most(alpha, 300))
})

test.each([1, 1.5])('rates keep their level at an odds ratio of %d, drifting by 80 %', (oddsRatio) => {
  const blocks = (draw: Random) => ratesAt(draw, (p) => (oddsRatio * p) / (1 - p + oddsRatio * p), 0.02)
  const tests: ((blocks: Rates[]) => TestResult<unknown>)[] = [
    (all) => cochranMantelHaenszel(all, { alternative: 'greater', oddsRatio }),
    (all) => cochranMantelHaenszel(all, { alternative: 'less', oddsRatio }),
  ]
  for (const measured of wrong(tests, blocks, 3)) expect(measured).toBeLessThan(most(alpha))
  let missed = 0
  for (let run = 0; run < runs; run += 1) {
    const found = oddsRatioOnce(blocks(randomOf(8000 + run)), { alpha: 0.025 })
    if (found === undefined) continue
    if (found.interval.lower! > oddsRatio || found.interval.upper! < oddsRatio) missed += 1
  }
  expect(missed / runs).toBeLessThan(most(alpha))
})

test.each([
  [30, 30],
  [5, 60],
  [20, 380],
])('plain values keep their level with %d against %d, and the shift is in its interval', (m, n) => {
  const sample = (draw: Random) => ({
    stable: Array.from({ length: n }, () => normal(draw)),
    canary: Array.from({ length: m }, () => normal(draw)),
  })
  const tests: ((arms: ReturnType<typeof sample>) => TestResult<unknown>)[] = [
    (arms) => mannWhitney(arms, { alternative: 'greater' }),
    (arms) => mannWhitney(arms, { alternative: 'different', method: 'normal' }),
  ]
  for (const measured of wrong(tests, sample, 4)) expect(measured).toBeLessThan(most(alpha))
  let missed = 0
  for (let run = 0; run < 300; run += 1) {
    const result = hodgesLehmann(sample(randomOf(6000 + run)), { alpha: 0.025 })
    if (result.kind !== 'estimated') throw new Error(result.why)
    if (result.interval.lower! > 0 || result.interval.upper! < 0) missed += 1
  }
  expect(missed / 300).toBeLessThan(most(alpha, 300))
})

function wrong<Data>(
  tests: readonly ((data: Data) => TestResult<unknown>)[],
  draw: (random: Random) => Data,
  seed: number,
): number[] {
  const rejected = tests.map(() => 0)
  for (let run = 0; run < runs; run += 1) {
    const data = draw(randomOf(1000 * seed + run))
    tests.forEach((one, at) => {
      const result = one(data)
      if (result.kind === 'tested' && result.p <= alpha) rejected[at]! += 1
    })
  }
  return rejected.map((count) => count / runs)
}

function drifting(draw: Random): Distributions[] {
  return latencies.map((source, tick) => {
    const [n, m] = traffic(tick)
    return { stable: source(n, draw), canary: source(m, draw) }
  })
}

function ratesAt(draw: Random, canary: (p: number) => number, rate: number): Rates[] {
  return Array.from({ length: 30 }, (_, tick) => {
    const [n, m] = traffic(tick).map((count) => 4 * count) as [number, number]
    const p = rate * (1 + 0.8 * Math.sin(tick / 4))
    return { stable: { n, events: eventsOf(n, p, draw) }, canary: { n: m, events: eventsOf(m, canary(p), draw) } }
  })
}

function normal(draw: Random): number {
  return Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw())
}
