import { histogramOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { tables } from '../../oracle/tables.ts'
import { bandRadius, bandsApart, largestGap } from './band-test.ts'
import { meanDifference, momentsOfHistogram } from './mean-difference.ts'

const oracle = tables<{
  bandTest: { stable: number[]; canary: number[]; distance: number; p: number }[]
  growthbook: { n: number; m: number; difference: number; variances: [number, number]; half: number }[]
}>('sequential')

describe('LIL bands', () => {
  it.each([
    [100, 0.05, 0.269176],
    [1e3, 0.05, 0.086569],
    [1e4, 0.05, 0.027711],
    [1e5, 0.05, 0.008846],
    [1e3, 0.025, 0.088853],
    [1e4, 0.025, 0.028424],
  ])('the band of %d values at %d is %d', (n, alpha, expected) => {
    expect(bandRadius(n, alpha)).toBeCloseTo(expected, 6)
  })

  it.each(oracle.bandTest)('come apart at the level that root search finds, $p', ({ stable, canary, distance, p }) => {
    const [a, b] = [histogramOf(stable, 8), histogramOf(canary, 8)]
    expect(largestGap(a, b).distance).toBeCloseTo(distance, 12)
    expect(bandsApart(a, b, 0.999 * p)).toBe(false)
    if (p < 1) expect(bandsApart(a, b, 1.001 * p)).toBe(true)
  })
})

describe('GrowthBook’s sequential test', () => {
  it.each(oracle.growthbook)('has its half-width with $n and $m', ({ n, m, difference, variances, half }) => {
    const found = meanDifference(
      { n, mean: 1, variance: variances[0] },
      { n: m, mean: 1 + difference, variance: variances[1] },
      0.05,
    )!
    expect((found.upper - found.lower) / 2 / half).toBeCloseTo(1, 8)
    expect((found.upper + found.lower) / 2).toBeCloseTo(difference, 10)
  })

  it('says nothing of fewer than two values, or of values that are all the same', () => {
    const same = { n: 10, mean: 1, variance: 0 }
    expect(meanDifference(same, same, 0.05)).toBe(undefined)
    expect(meanDifference({ ...same, n: 1 }, { ...same, variance: 1 }, 0.05)).toBe(undefined)
  })

  it('is asked with the moments of a histogram, which are those of its values within a bucket', () => {
    const { n, mean, variance } = momentsOfHistogram(histogramOf([0, 1, 2, 5]))
    expect(n).toBe(4)
    expect(mean).toBeCloseTo(2, 1)
    expect(variance).toBeCloseTo(14 / 3, 0)
  })
})
