import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countOf, type Histogram, histogramOf } from './histogram.ts'
import { mapHistogram } from './map-histogram.ts'

const margin = (value: number): number => Math.max(1.1 * value, value + 0.002)
const latencies = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e3, noNaN: true })), { maxLength: 40 })

test('rounded up a histogram is never below the one of the mapped values, rounded down never above', () => {
  fc.assert(
    fc.property(latencies, (values) => {
      const exact = sorted(histogramOf(values.map(margin)))
      const up = sorted(mapHistogram(histogramOf(values), margin, 'up'))
      const down = sorted(mapHistogram(histogramOf(values), margin, 'down'))
      expect(up.length).toBe(exact.length)
      exact.forEach((index, at) => {
        expect(up[at]!).toBeGreaterThanOrEqual(index)
        expect(down[at]!).toBeLessThanOrEqual(index)
        expect(up[at]! - down[at]!).toBeLessThanOrEqual(2)
      })
    }),
  )
})

test('a map that changes nothing changes nothing, either way', () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom('up' as const, 'down' as const), (values, rounding) => {
      const histogram = histogramOf(values)
      expect(mapHistogram(histogram, (value) => value, rounding)).toEqual(histogram)
    }),
  )
})

test('a factor of two moves every bucket by one doubling, exactly', () => {
  const histogram = histogramOf([0.001, 0.5, 3, 700])
  const moved = { ...histogram, indices: histogram.indices.map((index) => index + 32) }
  expect(mapHistogram(histogram, (value) => 2 * value, 'up')).toEqual(moved)
  expect(mapHistogram(histogram, (value) => 2 * value, 'down')).toEqual(moved)
})

test('ten percent is five buckets up and four down', () => {
  expect(mapHistogram(histogramOf([1]), (value) => 1.1 * value, 'up').indices).toEqual([4])
  expect(mapHistogram(histogramOf([1]), (value) => 1.1 * value, 'down').indices).toEqual([3])
})

test('values of zero move too', () => {
  const moved = mapHistogram(histogramOf([0, 0, 0.0001]), margin, 'up')
  expect(moved.zero).toBe(0)
  expect(countOf(moved)).toBe(3)
})

test('an error names a map that makes no sense', () => {
  expect(() => mapHistogram(histogramOf([1]), () => -1, 'up')).toThrow(
    new RangeError('map: expected a number above zero for 1, got -1'),
  )
})

// Every value's bucket, ascending; those at zero first.
function sorted({ zero, indices, counts }: Histogram): number[] {
  const zeros = Array.from({ length: zero }, () => -Infinity)
  return [...zeros, ...indices.flatMap((index, at) => Array.from({ length: counts[at]! }, () => index))]
}
