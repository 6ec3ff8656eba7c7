import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { closedEValues } from './closed-e-values.ts'
import { eBenjaminiHochberg } from './e-benjamini-hochberg.ts'
import { randomOf } from './random.ts'

const oracle = tables<{
  closedEValues: { logEs: number[]; weights: number[]; expected: number[] }[]
  eBenjaminiHochberg: { logEs: number[]; alpha: number; expected: boolean[] }[]
}>('sequential')

test.each(oracle.closedEValues)('closed e-values of $logEs are the least over all sets', (row) => {
  closedEValues(row.logEs, row.weights).forEach((logE, at) => {
    expect(logE).toBeCloseTo(row.expected[at]!, 10)
  })
})

test.each(oracle.eBenjaminiHochberg)('e-BH of $logEs at $alpha reports what its definition says', (row) => {
  expect(eBenjaminiHochberg(row.logEs, row.alpha)).toEqual(row.expected)
})

const hypotheses = fc.array(
  fc.record({ logE: fc.double({ min: -20, max: 20, noNaN: true }), weight: fc.constantFrom(0.1, 1, 2, 5, 20) }),
  { minLength: 1, maxLength: 10 },
)

test('each is the least weighted mean over every set that holds it', () => {
  fc.assert(
    fc.property(hypotheses, (all) => {
      const least = all.map(() => Infinity)
      for (let set = 1; set < 2 ** all.length; set += 1) {
        const held = all.filter((_, at) => (set >> at) & 1)
        const weight = held.reduce((sum, one) => sum + one.weight, 0)
        const mean = held.reduce((sum, one) => sum + (one.weight * Math.exp(one.logE)) / weight, 0)
        all.forEach((_, at) => {
          if ((set >> at) & 1) least[at] = Math.min(least[at]!, mean)
        })
      }
      const adjusted = closedEValues(
        all.map(({ logE }) => logE),
        all.map(({ weight }) => weight),
      )
      adjusted.forEach((logE, at) => {
        expect(logE).toBeCloseTo(Math.log(least[at]!), 9)
      })
    }),
  )
})

test('never more than the e-value itself, in any order, and however large', () => {
  fc.assert(
    fc.property(hypotheses, (all) => {
      const logEs = all.map(({ logE }) => 100 * logE)
      const weights = all.map(({ weight }) => weight)
      const adjusted = closedEValues(logEs, weights)
      const backwards = closedEValues(logEs.toReversed(), weights.toReversed()).reverse()
      adjusted.forEach((logE, at) => {
        expect(logE).toBeLessThanOrEqual(logEs[at]! + 1e-9)
        expect(backwards[at]!).toBeCloseTo(logE, 9)
      })
    }),
  )
})

test.each([0, 0.9])('with dependence %d, any true one is rejected at most as often as alpha says', (dependence) => {
  const runs = 2000
  let family = 0
  let discoveries = 0
  for (let run = 0; run < runs; run += 1) {
    const draw = randomOf(run + 1)
    const shared = normal(draw)
    // Twelve likelihood ratios; the last three hypotheses are false.
    const logEs = Array.from({ length: 12 }, (_, at) => {
      const z = Math.sqrt(dependence) * shared + Math.sqrt(1 - dependence) * normal(draw) + (at >= 9 ? 3 : 0)
      return 2.5 * z - 2.5 ** 2 / 2
    })
    const weights = logEs.map((_, at) => 1 + (at % 3))
    if (closedEValues(logEs, weights).some((logE, at) => at < 9 && logE >= Math.log(20))) family += 1
    const reported = eBenjaminiHochberg(logEs, 0.05)
    const wrong = reported.filter((is, at) => is && at < 9).length
    discoveries += wrong / Math.max(1, reported.filter(Boolean).length)
  }
  const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)
  expect(family / runs).toBeLessThan(bound)
  expect(discoveries / runs).toBeLessThan(bound)
})

test('the values of the examples in the comments', () => {
  const closed = closedEValues([Math.log(100), Math.log(4), 0], [1, 1, 1]).map(Math.exp)
  expect(closed.map((e) => Number(e.toFixed(10)))).toEqual([35, 2.5, 1])
  expect(eBenjaminiHochberg([Math.log(50), Math.log(32), 0], 0.05)).toEqual([true, true, false])
  expect(closedEValues([], [])).toEqual([])
  expect(eBenjaminiHochberg([], 0.05)).toEqual([])
  expect(closedEValues([-Infinity, 2], [1, 1])[0]).toBe(-Infinity)
})

test.each([
  ['weights', () => closedEValues([1], [])],
  ['weights[0]', () => closedEValues([1], [0])],
  ['logEs[1]', () => closedEValues([1, Number.NaN], [1, 1])],
  ['alpha', () => eBenjaminiHochberg([1], 1)],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})

function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw())
}
