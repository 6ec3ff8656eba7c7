import { describe, expect, test } from 'vitest'
import { eventsOf, lognormal, scaled, sourceOf } from '../../../test/calibration/generate.ts'
import type { Distributions } from './distributions.ts'
import { histogramOf } from './histogram.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import { randomOf } from './random.ts'
import { oddsRatioInterval, riskDifferenceInterval } from './rate-intervals.ts'
import type { Rates } from './rates.ts'
import { riskDifferenceProcess } from './risk-difference.ts'
import { scaleInterval } from './scale-interval.ts'
import { shareProcess } from './share.ts'
import { shareInterval } from './share-interval.ts'

const parts = ['rank', 0.1, 0.05, 0.01] as const

describe('how many times slower', () => {
  test.each(parts)('by %s: narrows around the true factor as blocks come in', (part) => {
    const blocks = latencies({ factor: 1.25, ticks: 120, n: 450, m: 50, seed: 3 })
    const early = scaleInterval(blocks.slice(0, 20), { alpha: 0.05, part })
    const late = scaleInterval(blocks, { alpha: 0.05, part })
    expect(late.lower!).toBeGreaterThanOrEqual(early.lower!)
    expect(late.upper!).toBeLessThanOrEqual(early.upper!)
    expect(late.lower!).toBeLessThan(1.25)
    expect(late.upper!).toBeGreaterThan(1.25)
    expect(late.upper! / late.lower!).toBeLessThan(1.6)
  })

  test.each(parts)(
    'by %s: misses the true factor at most as often as alpha says, on each side, at any time',
    (part) => {
      const runs = 200
      const alpha = 0.1
      let low = 0
      let high = 0
      for (let run = 0; run < runs; run += 1) {
        // Both arms drawn alike, then moved by exactly eight buckets: 2^(8/32) = 1.19.
        const blocks = latencies({ factor: 1, ticks: 40, n: 120, m: 30, seed: 1000 + run }).map(
          ({ stable, canary }) => ({
            stable,
            canary: { ...canary, indices: canary.indices.map((index) => index + 8) },
          }),
        )
        const { lower, upper } = scaleInterval(blocks, { alpha, part })
        if (lower !== null && lower >= 2 ** (8 / 32)) low += 1
        if (upper !== null && upper <= 2 ** (8 / 32)) high += 1
      }
      const bound = alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs)
      expect(low / runs).toBeLessThanOrEqual(bound)
      expect(high / runs).toBeLessThanOrEqual(bound)
    },
  )

  test('nothing seen leaves both sides open, and values far apart leave one', () => {
    expect(scaleInterval([], { alpha: 0.05, part: 'rank' })).toEqual({ lower: null, upper: null })
    const tiny = { stable: histogramOf([1, 2]), canary: histogramOf([3]) }
    expect(scaleInterval([tiny], { alpha: 0.05, part: 0.1 })).toEqual({ lower: null, upper: null })
  })

  test('an effect that changes while we look leaves no factor at all', () => {
    const before = latencies({ factor: 0.5, ticks: 60, n: 450, m: 50, seed: 4 })
    const after = latencies({ factor: 4, ticks: 200, n: 450, m: 50, seed: 5 })
    const { lower, upper } = scaleInterval([...before, ...after], { alpha: 0.05, part: 'rank' })
    expect(lower!).toBeGreaterThan(upper!)
  })
})

describe('rates', () => {
  const blocks = rates({ stable: 0.01, canary: 0.03, ticks: 200, n: 450, m: 50, seed: 6 })

  test('the difference and the odds ratio are found', () => {
    const difference = riskDifferenceInterval(blocks, { alpha: 0.05 })
    expect(difference.lower!).toBeGreaterThan(0.01)
    expect(difference.lower!).toBeLessThan(0.02)
    expect(difference.upper!).toBeGreaterThan(0.02)
    expect(difference.upper!).toBeLessThan(0.032)
    const odds = oddsRatioInterval(blocks, { alpha: 0.05 })
    expect(odds.lower!).toBeGreaterThan(2)
    expect(odds.upper!).toBeLessThan(4.2)
  })

  test('a side ends where its own process stops rejecting', () => {
    const alpha = 0.05
    const enough = -Math.log(alpha)
    const difference = riskDifferenceInterval(blocks, { alpha })
    expect(
      most(riskDifferenceProcess({ alternative: 'greater', difference: difference.lower! }), blocks),
    ).toBeGreaterThanOrEqual(enough)
    expect(
      most(riskDifferenceProcess({ alternative: 'greater', difference: difference.lower! + 2e-5 }), blocks),
    ).toBeLessThan(enough)
    const odds = oddsRatioInterval(blocks, { alpha })
    expect(most(oddsRatioProcess({ alternative: 'less', oddsRatio: odds.upper! }), blocks)).toBeGreaterThanOrEqual(
      enough,
    )
    expect(most(oddsRatioProcess({ alternative: 'less', oddsRatio: odds.upper! / 1.01 }), blocks)).toBeLessThan(enough)
  })

  test('a larger difference is never more evidence that the canary is above it', () => {
    for (const [stable, canary] of [
      [0.001, 0.005],
      [0.01, 0.01],
      [0.3, 0.5],
    ] as const) {
      const some = rates({ stable, canary, ticks: 60, n: 450, m: 50, seed: 7 })
      let last = Infinity
      for (let difference = -0.2; difference <= 0.4; difference += 0.002) {
        const now = most(riskDifferenceProcess({ alternative: 'greater', difference }), some)
        expect(now).toBeLessThanOrEqual(last + 1e-9)
        last = now
      }
    }
  })

  test('no errors at all bound the difference, and say nothing of the odds', () => {
    const tick = { stable: { n: 30_000, events: 0 }, canary: { n: 3000, events: 0 } }
    const quiet = [tick, tick, tick]
    const { lower, upper } = riskDifferenceInterval(quiet, { alpha: 0.05 })
    expect(lower!).toBeLessThan(0)
    expect(upper!).toBeLessThan(0.001)
    expect(upper!).toBeGreaterThan(0.0003)
    expect(oddsRatioInterval(quiet, { alpha: 0.05 })).toEqual({ lower: null, upper: null })
  })

  test('alpha is a probability', () => {
    expect(() => riskDifferenceInterval(blocks, { alpha: 1 })).toThrow(/alpha/)
  })
})

test('the share lies between where its processes reject', () => {
  const counts = [{ stable: 212, canary: 156 }]
  const { lower, upper } = shareInterval(counts, { alpha: 0.05, concentration: 100 })
  expect(lower!).toBeCloseTo(0.353, 3)
  expect(upper!).toBeCloseTo(0.497, 3)
  const at = (share: number) => most(shareProcess({ alternative: 'greater', share, concentration: 100 }), counts)
  expect(at(lower!)).toBeGreaterThanOrEqual(-Math.log(0.05))
  expect(at(lower! + 0.0002)).toBeLessThan(-Math.log(0.05))
})

test('the values of the examples in the comments', () => {
  const values = Array.from({ length: 100 }, (_, at) => at + 1)
  const block = { stable: histogramOf(values), canary: histogramOf(values.map((value) => 2 * value)) }
  const scale = scaleInterval([block, block, block, block], { alpha: 0.05, part: 'rank' })
  expect(scale.lower!).toBeCloseTo(1.72, 2)
  expect(scale.upper!).toBeCloseTo(2.28, 2)
  const quiet = { stable: { n: 90_000, events: 0 }, canary: { n: 10_000, events: 0 } }
  expect(riskDifferenceInterval([quiet, quiet, quiet], { alpha: 0.05 })).toEqual({ lower: -0.00016, upper: 0.00025 })
  const failing = { stable: { n: 900, events: 9 }, canary: { n: 100, events: 8 } }
  const odds = oddsRatioInterval([failing, failing, failing], { alpha: 0.05 })
  expect(odds.lower!).toBeCloseTo(2.18, 2)
  expect(odds.upper!).toBeCloseTo(31.5, 1)
})

interface Arms {
  readonly ticks: number
  readonly n: number
  readonly m: number
  readonly seed: number
}

function latencies({ factor, ticks, n, m, seed }: Arms & { factor: number }): Distributions[] {
  const draw = randomOf(seed)
  const values = lognormal({ median: 0.1, sigma: 0.6 })
  const stable = sourceOf(values)
  const canary = sourceOf(scaled(values, factor))
  return Array.from({ length: ticks }, () => ({ stable: stable(n, draw), canary: canary(m, draw) }))
}

function rates({ stable, canary, ticks, n, m, seed }: Arms & { stable: number; canary: number }): Rates[] {
  const draw = randomOf(seed)
  return Array.from({ length: ticks }, () => ({
    stable: { n, events: eventsOf(n, stable, draw) },
    canary: { n: m, events: eventsOf(m, canary, draw) },
  }))
}

function most<Block>(process: { add(block: Block): void; readonly maxLogE: number }, blocks: readonly Block[]): number {
  for (const block of blocks) process.add(block)
  return process.maxLogE
}
