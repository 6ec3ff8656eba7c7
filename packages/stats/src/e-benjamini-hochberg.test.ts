import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { eBenjaminiHochberg } from './e-benjamini-hochberg.ts'
import { randomOf } from './random.ts'

const oracle = tables<{
  eBenjaminiHochberg: { logEs: number[]; alpha: number; expected: boolean[] }[]
}>('sequential')

test.each(oracle.eBenjaminiHochberg)('e-BH of $logEs at $alpha reports what its definition says', (row) => {
  expect(eBenjaminiHochberg(row.logEs, row.alpha)).toEqual(row.expected)
})

test.each([0, 0.9])(
  'with dependence %d, at most a share alpha of what is reported is true, on average',
  (dependence) => {
    const runs = 2000
    let discoveries = 0
    for (let run = 0; run < runs; run += 1) {
      const draw = randomOf(run + 1)
      const shared = normal(draw)
      // Twelve likelihood ratios; the last three hypotheses are false.
      const logEs = Array.from({ length: 12 }, (_, at) => {
        const z = Math.sqrt(dependence) * shared + Math.sqrt(1 - dependence) * normal(draw) + (at >= 9 ? 3 : 0)
        return 2.5 * z - 2.5 ** 2 / 2
      })
      const reported = eBenjaminiHochberg(logEs, 0.05)
      const wrong = reported.filter((is, at) => is && at < 9).length
      discoveries += wrong / Math.max(1, reported.filter(Boolean).length)
    }
    const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)
    expect(discoveries / runs).toBeLessThan(bound)
  },
)

test('the value of the example in the comment', () => {
  expect(eBenjaminiHochberg([Math.log(50), Math.log(32), 0], 0.05)).toEqual([true, true, false])
  expect(eBenjaminiHochberg([], 0.05)).toEqual([])
})

test.each([
  ['logEs[1]', () => eBenjaminiHochberg([1, Number.NaN], 0.05)],
  ['alpha', () => eBenjaminiHochberg([1], 1)],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})

function normal(draw: () => number): number {
  return Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw())
}
