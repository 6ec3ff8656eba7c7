import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tables } from '../../../../test/oracle/tables.ts'
import { subsets } from '../../test/labellings.ts'
import { exceedanceTest } from './exceedances.ts'
import { mannWhitney } from './mann-whitney.ts'
import type { TestResult } from './result.ts'
import { tiedWinsP } from './tied-wins.ts'

const oracle =
  tables<
    {
      alternative: 'greater' | 'less'
      stable: number[]
      canary: number[]
      wins: number
      rank: number
      exceedances: number
    }[]
  >('permutation')

const repeated = (value: number, times: number): number[] => Array(times).fill(value)

test.each(oracle)('$alternative, $stable and $canary: p over every labelling, as SciPy counts them', (row) => {
  const { alternative, stable, canary, wins, rank, exceedances } = row
  const ranked = tested(mannWhitney({ stable, canary }, { alternative }))
  expect(ranked).toMatchObject({ wins, method: 'exact' })
  expect(ranked.p).toBeCloseTo(rank, 10)
  expect(tested(exceedanceTest({ stable, canary }, { alternative })).p).toBeCloseTo(exceedances, 10)
})

test('sixty zeros against nine zeros and a one: the one is among the ten in one labelling of seven', () => {
  const arms = { stable: repeated(0, 60), canary: [...repeated(0, 9), 1] }
  expect(tested(mannWhitney(arms, { alternative: 'greater' })).p).toBeCloseTo(1 / 7, 10)
  expect(tested(exceedanceTest(arms, { alternative: 'greater' })).p).toBeCloseTo(1 / 7, 10)
})

const values = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 9 })
const arms = fc.record({ stable: values, canary: values })

test('the chance of a p-value of at most a is at most a, over every labelling of a pool with ties', () => {
  for (const pool of [
    [0, 0, 0, 0, 0, 1, 2, 2, 5],
    [0, 0, 1, 1, 1, 3, 3, 8],
    [1, 2, 3, 4, 5, 6, 7, 8],
  ]) {
    for (const m of [2, 4]) {
      const labellings = subsets(pool.length, m).map((own) => ({
        stable: pool.filter((_, at) => !own.includes(at)),
        canary: own.map((at) => pool[at]!),
      }))
      for (const alternative of ['greater', 'less'] as const) {
        for (const test of [mannWhitney, exceedanceTest]) {
          const ps = labellings.map((one) => tested(test(one, { alternative })).p)
          for (const p of ps)
            expect(ps.filter((other) => other <= p + 1e-9).length / ps.length).toBeLessThanOrEqual(p + 1e-9)
        }
      }
    }
  }
})

test('swapped arms, and values turned over, answer alike; so do values moved by an increasing map', () => {
  fc.assert(
    fc.property(arms, ({ stable, canary }) => {
      const swapped = mannWhitney({ stable: canary, canary: stable }, { alternative: 'less' })
      alike(mannWhitney({ stable, canary }, { alternative: 'greater' }), swapped)
      const turned = { stable: stable.map((x) => -x), canary: canary.map((x) => -x) }
      const moved = { stable: stable.map((x) => x ** 3 - 9), canary: canary.map((x) => x ** 3 - 9) }
      for (const test of [mannWhitney, exceedanceTest]) {
        const greater = test({ stable, canary }, { alternative: 'greater' })
        alike(greater, test(turned, { alternative: 'less' }))
        alike(greater, test(moved, { alternative: 'greater' }))
      }
    }),
    { seed: 3 },
  )
})

test('a canary value that overtakes another is never less evidence that it is higher', () => {
  const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 4, maxLength: 14 })
  fc.assert(
    fc.property(distinct, fc.nat(12), (pool, at) => {
      const half = pool.length >> 1
      const [stable, canary] = [pool.slice(0, half), pool.slice(half)]
      const more = canary.map((x, place) => (place === at % canary.length ? x + 100 : x))
      for (const test of [mannWhitney, exceedanceTest]) {
        const p = (own: readonly number[]) => tested(test({ stable, canary: own }, { alternative: 'greater' })).p
        expect(p(more)).toBeLessThanOrEqual(p(canary) + 1e-9)
      }
    }),
    { seed: 4 },
  )
})

test('some points far above find what the rank of all of them does not yet', () => {
  const seven = { stable: repeated(1.1, 10), canary: [...repeated(1, 3), ...repeated(100, 7)] }
  expect(tested(mannWhitney(seven, { alternative: 'greater' })).p).toBeGreaterThan(0.05)
  expect(tested(exceedanceTest(seven, { alternative: 'greater' }))).toMatchObject({ from: 100, stable: 0, canary: 7 })
  expect(tested(exceedanceTest(seven, { alternative: 'greater' })).p).toBeLessThan(0.002)
})

test('too many outcomes to go through are left to the normal approximation', () => {
  const many = {
    stable: Array.from({ length: 400 }, (_, at) => at % 200),
    canary: Array.from({ length: 200 }, (_, at) => at),
  }
  expect(mannWhitney(many, { alternative: 'greater' })).toMatchObject({ method: 'normal' })
  expect(() => mannWhitney(many, { alternative: 'greater', method: 'exact' })).toThrow('method')
})

test('what cannot be tested is said, and is no p-value', () => {
  const alternative = 'greater' as const
  expect(exceedanceTest({ stable: [], canary: [1] }, { alternative })).toMatchObject({ why: 'empty-arm' })
  expect(exceedanceTest({ stable: [1, 1], canary: [1] }, { alternative })).toMatchObject({ why: 'no-variance' })
  expect(exceedanceTest({ stable: [1], canary: repeated(2, 9) }, { alternative })).toMatchObject({ p: 1 })
  expect(() => exceedanceTest({ stable: [1, Number.NaN], canary: [1] }, { alternative })).toThrow('stable[1]')
})

test('the values of the examples in the comments', () => {
  expect(tiedWinsP([69, 1], 10, 330, 'greater')).toBeCloseTo(0.142857, 6)
  const five = { stable: [1, 1, 1, 1, 1], canary: [1, 1, 9, 9, 9] }
  expect(exceedanceTest(five, { alternative: 'greater' })).toEqual({
    kind: 'tested',
    p: expect.closeTo(0.0833, 4),
    from: 9,
    stable: 0,
    canary: 3,
  })
})

function alike(one: TestResult<unknown>, other: TestResult<unknown>): void {
  if (one.kind === 'untestable' || other.kind === 'untestable') expect(one).toEqual(other)
  else expect(one.p).toBeCloseTo(other.p, 9)
}

function tested<Found>(result: TestResult<Found>): { readonly p: number } & Found {
  if (result.kind === 'tested') return result
  throw new Error(`untestable: ${result.why}`)
}
