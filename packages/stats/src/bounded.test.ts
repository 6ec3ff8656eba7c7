import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundedMap, spreadOut } from './bounded.ts'
import { countOf } from './histogram.ts'
import { moveHistogram } from './map-histogram.ts'
import { quantileOf } from './summary.ts'

const margin = (value: number): number => Math.max(1.1 * value, value + 0.002)
const edges = fc
  .uniqueArray(fc.double({ min: 1e-4, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((some) => some.sort((a, b) => a - b))
  .filter((some) => some.every((edge, at) => at === 0 || edge > some[at - 1]! * (1 + 1e-6)))
const bucketOf = (value: number, bounds: readonly number[]): number => bounds.filter((bound) => bound < value).length

describe('a margin on buckets of any edges', () => {
  it('moves no value less than the margin does, rounded up, and none more, rounded down', () => {
    fc.assert(
      fc.property(edges, fc.double({ min: 1e-5, max: 200, noNaN: true }), (bounds, value) => {
        const from = bucketOf(value, bounds)
        const to = bucketOf(margin(value), bounds)
        expect(boundedMap(bounds, margin, 'up').imagesAt(0)(from)).toBeGreaterThanOrEqual(to)
        expect(boundedMap(bounds, margin, 'down').imagesAt(0)(from)).toBeLessThanOrEqual(to)
      }),
      { seed: 5 },
    )
  })

  it('leaves everything where it is when there is no margin', () => {
    fc.assert(
      fc.property(edges, (bounds) => {
        for (const rounding of ['up', 'down'] as const) {
          const imageOf = boundedMap(bounds, (value) => value, rounding).imagesAt(0)
          const all = Array.from({ length: bounds.length + 1 }, (_, index) => index)
          expect(all.map(imageOf)).toEqual(all)
        }
      }),
      { seed: 6 },
    )
  })

  it.each([
    ['up', 1.1, [1, 2, 3, 3]],
    ['down', 1.1, [0, 1, 2, 3]],
    ['up', 2.5, [1, 3, 3, 3]],
    ['down', 2.5, [0, 2, 3, 3]],
  ] as const)('%s, by %d', (rounding, ratio, expected) => {
    const imageOf = boundedMap([0.1, 0.25, 0.5], (value) => ratio * value, rounding).imagesAt(0)
    expect([0, 1, 2, 3].map(imageOf)).toEqual(expected)
  })

  it('adds up what is moved together', () => {
    const histogram = { scale: 0, zero: 0, indices: [0, 1, 2, 3], counts: [1, 2, 3, 4] }
    const moved = moveHistogram(
      histogram,
      boundedMap([0.1, 0.25, 0.5], (value) => 2.5 * value, 'up'),
    )
    expect(moved).toEqual({ scale: 0, zero: 0, indices: [1, 3], counts: [1, 9] })
  })
})

describe('spread out', () => {
  it('keeps the number of values, and puts quantiles inside their buckets', () => {
    fc.assert(
      fc.property(
        edges,
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 21 }),
        (bounds, counts) => {
          const some = counts.slice(0, bounds.length + 1)
          const histogram = { scale: 0, zero: 0, indices: some.map((_, at) => at), counts: some }
          const { counts: spread } = spreadOut(histogram, bounds)
          expect(spread.reduce((sum, count) => sum + count, 0)).toBeCloseTo(countOf(histogram))
        },
      ),
      { seed: 7 },
    )
  })

  it.each([
    [0, 0.05],
    [1, 0.175],
    [2, 0.375],
    [3, 0.5],
  ])('the middle of bucket %i', (index, middle) => {
    const whole = spreadOut({ scale: 0, zero: 0, indices: [index], counts: [1000] }, [0.1, 0.25, 0.5])
    const rounded = { ...whole, counts: whole.counts.map((count) => Math.round(1000 * count)) }
    expect(Math.abs(quantileOf(rounded, 0.5)! / middle - 1)).toBeLessThan(0.04)
  })
})
