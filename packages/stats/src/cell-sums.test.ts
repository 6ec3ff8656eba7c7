import { expect, test } from 'vitest'
import { eventSum, logSum, tailSums } from './cell-sums.ts'
import { histogramOf } from './histogram.ts'

test('logarithms are those of the values above zero, within the width of a bucket', () => {
  const { n, sum, squares } = logSum(histogramOf([0, 1, Math.E, Math.E ** 2]))
  expect(n).toBe(3)
  expect(sum).toBeCloseTo(3, 1)
  expect(squares).toBeCloseTo(5, 0)
})

test('the largest values are counted where they are, and ties at the edge given of all cells alike', () => {
  const cells = [histogramOf([1, 1, 1, 9]), histogramOf([1, 9]), histogramOf([0, 0]), histogramOf([9, 9])]
  expect(tailSums(cells, 0.4).map(({ sum }) => sum)).toEqual([1, 1, 0, 2])
  expect(tailSums(cells, 0.2).map(({ sum }) => sum)).toEqual([0.5, 0.5, 0, 1])
  expect(tailSums(cells, 1).map(({ sum, n }) => [sum, n])).toEqual([
    [4, 4],
    [2, 2],
    [2, 2],
    [2, 2],
  ])
  expect(tailSums([histogramOf([1], 8), histogramOf([2], 3)], 0.5).map(({ sum }) => sum)).toEqual([0, 1])
})

test('the values of the examples in the comments', () => {
  expect(eventSum({ n: 10, events: 2 })).toEqual({ n: 10, sum: 2, squares: 2 })
  expect(tailSums([histogramOf([1, 2, 3]), histogramOf([4])], 0.25)).toEqual([
    { n: 3, sum: 0, squares: 0 },
    { n: 1, sum: 1, squares: 1 },
  ])
})
