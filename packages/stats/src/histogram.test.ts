import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { bucketOf, countOf, downscale, emptyHistogram, histogramOf, mergeHistograms, upperEdge } from './histogram.ts'
import { meanOf, quantileOf } from './summary.ts'

const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 60 })

test('a value lies above the lower edge of its bucket and not above the upper one', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), fc.integer({ min: -3, max: 10 }), (value, scale) => {
      const index = bucketOf(value, scale)
      expect(value).toBeGreaterThan(upperEdge(index - 1, scale) * (1 - 1e-13))
      expect(value).toBeLessThanOrEqual(upperEdge(index, scale) * (1 + 1e-13))
    }),
  )
})

test('powers of two are upper edges, exactly, as OpenTelemetry has it', () => {
  for (let power = -30; power <= 30; power += 1) expect(bucketOf(2 ** power, 5)).toBe(32 * power - 1)
  expect(histogramOf([0, 1, 1.01, 2])).toEqual({ scale: 5, zero: 1, indices: [-1, 0, 31], counts: [1, 1, 1] })
})

test('merging in any grouping is the histogram of all the values', () => {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      const whole = histogramOf([...a, ...b, ...c])
      const [ha, hb, hc] = [histogramOf(a), histogramOf(b), histogramOf(c)]
      expect(mergeHistograms([ha, hb, hc])).toEqual(whole)
      expect(mergeHistograms([hc, mergeHistograms([hb, ha])])).toEqual(whole)
    }),
  )
})

test('merging different scales is the histogram at the coarser one', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 })), fc.array(fc.integer({ min: 0, max: 5000 })), (a, b) => {
      const merged = mergeHistograms([histogramOf(a, 5), histogramOf(b, 2)])
      expect(merged).toEqual(histogramOf([...a, ...b], 2))
    }),
  )
  expect(downscale(histogramOf([3, 5], 5), 1)).toEqual(histogramOf([3, 5], 1))
})

test('no histograms, and empty ones, hold nothing', () => {
  expect(mergeHistograms([])).toEqual(emptyHistogram())
  expect(countOf(mergeHistograms([emptyHistogram(3), emptyHistogram()]))).toBe(0)
  expect(quantileOf(emptyHistogram(), 0.5)).toBeUndefined()
  expect(meanOf(emptyHistogram())).toBeUndefined()
})

const oracle = tables<{ quantiles: { values: number[]; q: number[]; expected: number[]; mean: number }[] }>('evidence')

test.each(oracle.quantiles)('quantiles and the mean are R’s within a bucket', ({ values, q, expected, mean }) => {
  const histogram = histogramOf(values)
  q.forEach((share, at) => {
    expect(Math.abs(Math.log2(quantileOf(histogram, share)! / expected[at]!))).toBeLessThanOrEqual(1 / 32)
  })
  expect(Math.abs(meanOf(histogram)! / mean - 1)).toBeLessThan(0.011)
})

test('quantiles ascend and stay inside the values', () => {
  fc.assert(
    fc.property(
      values.filter((some) => some.length > 0),
      (some) => {
        const found = [0, 0.1, 0.5, 0.9, 0.99, 1].map((q) => quantileOf(histogramOf(some), q)!)
        expect(found).toEqual(found.toSorted((a, b) => a - b))
        expect(found.at(-1)!).toBeLessThanOrEqual(Math.max(...some) * 2 ** (1 / 32) * (1 + 1e-12))
      },
    ),
  )
})

test('the values of the examples in the comments', () => {
  expect(quantileOf(histogramOf([1, 2, 4]), 0.5)).toBeCloseTo(1.98, 2)
  expect(meanOf(histogramOf([1, 3]))).toBeCloseTo(1.99, 2)
})

test.each([
  ['values', () => histogramOf([1, Number.NaN])],
  ['values', () => histogramOf([Infinity])],
  ['latency', () => countOf({ scale: 5, zero: 0, indices: [1], counts: [-1] }, 'latency')],
  ['latency', () => countOf({ scale: 5, zero: 0, indices: [1], counts: [0.5] }, 'latency')],
  ['latency', () => countOf({ scale: 5, zero: 0, indices: [1], counts: [] }, 'latency')],
  ['latency', () => countOf({ scale: 5, zero: Number.NaN, indices: [], counts: [] }, 'latency')],
  ['latency.indices', () => countOf({ scale: 5, zero: 0, indices: [2, 2], counts: [1, 1] }, 'latency')],
  ['q', () => quantileOf(histogramOf([1]), 1.1)],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})
