import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { holm } from './holm.ts'

const oracle = tables<{ holm: { pValues: number[]; adjusted: number[] }[] }>('evidence').holm

test.each(oracle)('with equal weights it rejects what R’s p.adjust does: $pValues', ({ pValues, adjusted }) => {
  for (const alpha of [0.01, 0.05, 0.2]) {
    const decisions = holm(pValues, { alpha, weights: pValues.map(() => 1) })
    expect(decisions.map(({ rejected }) => rejected)).toEqual(adjusted.map((p) => p <= alpha))
  }
})

const hypotheses = fc.array(
  fc.record({ p: fc.constantFrom(0, 0.001, 0.004, 0.01, 0.02, 0.03, 0.2, 1), weight: fc.constantFrom(1, 2, 5, 20) }),
  { minLength: 1, maxLength: 6 },
)

test('it is the closure of weighted Bonferroni: rejected is what every set that holds it rejects', () => {
  fc.assert(
    fc.property(hypotheses, (all) => {
      const sets = Array.from({ length: 2 ** all.length - 1 }, (_, at) => all.filter((_, bit) => ((at + 1) >> bit) & 1))
      const rejects = (set: typeof all): boolean => {
        const total = set.reduce((sum, { weight }) => sum + weight, 0)
        return set.some(({ p, weight }) => p * total <= 0.05 * weight)
      }
      const decisions = holm(
        all.map(({ p }) => p),
        { alpha: 0.05, weights: all.map(({ weight }) => weight) },
      )
      const expected = all.map((one) => sets.filter((set) => set.includes(one)).every(rejects))
      expect(decisions.map(({ rejected }) => rejected)).toEqual(expected)
    }),
  )
})

test('the level is the one that the p-value was held against', () => {
  fc.assert(
    fc.property(hypotheses, (all) => {
      const decisions = holm(
        all.map(({ p }) => p),
        { alpha: 0.05, weights: all.map(({ weight }) => weight) },
      )
      decisions.forEach(({ rejected, level }, at) => {
        if (rejected) expect(all[at]!.p).toBeLessThanOrEqual(level * (1 + 1e-12))
        else expect(all[at]!.p).toBeGreaterThan(level * (1 - 1e-12))
      })
    }),
  )
})

test('nothing to test is nothing rejected', () => {
  expect(holm([], { alpha: 0.05, weights: [] })).toEqual([])
})

test.each([
  ['pValues[1]', () => holm([0.1, 1.2], { alpha: 0.05, weights: [1, 1] })],
  ['weights[0]', () => holm([0.1], { alpha: 0.05, weights: [0] })],
  ['weights', () => holm([0.1], { alpha: 0.05, weights: [] })],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})
