import { drawBinomial, randomOf } from '@coalmine/stats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultSeriesPolicy, judgeSeries } from './judge-series.ts'
import type { PlainSeries } from './read-series.ts'
import type { SeriesPolicy } from './series-verdict.ts'

const policy = defaultSeriesPolicy
const around = (level: number, count = 12): number[] =>
  Array.from({ length: count }, (_, at) => level * (1 + 0.01 * ((at * 7) % count) + 1e-6 * at))
const valuesOf = (stable: readonly number[], canary: readonly number[]): PlainSeries => ({
  kind: 'values',
  stable,
  canary,
})
const rate = (n: number, events: number) => ({ n, events })

describe('values', () => {
  it.each<[string, PlainSeries, Partial<SeriesPolicy>, string]>([
    ['much higher', valuesOf(around(100), around(150)), {}, 'fail'],
    ['alike', valuesOf(around(100), around(100)), {}, 'pass'],
    ['on the margin', valuesOf(around(100), around(110)), {}, 'inconclusive'],
    ['few', valuesOf([100, 101], [100, 102]), {}, 'inconclusive'],
    ['lower, which is no harm', valuesOf(around(100), around(50)), {}, 'pass'],
    ['lower, which is harm', valuesOf(around(100), around(50)), { worse: 'lower' }, 'fail'],
    ['higher, which is no harm', valuesOf(around(100), around(150)), { worse: 'lower' }, 'pass'],
    ['within an absolute margin', valuesOf(around(1), around(1.5)), { margin: '10%,1' }, 'pass'],
    ['below zero, worse', valuesOf(around(-100), around(-50)), {}, 'fail'],
    ['constant and equal', valuesOf(Array(12).fill(5), Array(12).fill(5)), {}, 'pass'],
    ['all zero', valuesOf(Array(12).fill(0), Array(12).fill(0)), {}, 'inconclusive'],
    ['none in canary', valuesOf(around(100), []), {}, 'invalid'],
    ['one of ten, where nothing else is', valuesOf(Array(60).fill(0), [...Array(9).fill(0), 1]), {}, 'inconclusive'],
    ['most of ten, far above', valuesOf(Array(10).fill(1), [...Array(3).fill(1), ...Array(7).fill(100)]), {}, 'fail'],
    ['three of ten, far above', valuesOf(Array(60).fill(1), [...Array(7).fill(1), ...Array(3).fill(100)]), {}, 'fail'],
    [
      'most of ten, far below',
      valuesOf(Array(10).fill(1), [...Array(3).fill(1), ...Array(7).fill(0.01)]),
      { worse: 'lower' },
      'fail',
    ],
  ])('%s', (_name, series, more, verdict) => {
    const judged = judgeSeries(series, { ...policy, ...more })
    expect(judged.verdict).toBe(verdict)
    expect(judged.reasons.map(({ code }) => code)).toContain('one-look')
  })

  it('tells how much higher, with its interval', () => {
    const { reasons, difference, interval } = judgeSeries(valuesOf(around(100), around(150)), policy)
    expect(reasons[0]!.message).toMatch(
      /^Canary is higher: median 106 -> 158 \(\+5\d\.?\d?, \+4\d\.?\d? to \+5\d\.?\d?\), more than the margin of 10%\.$/,
    )
    expect(interval.lower).toBeLessThan(difference!)
    expect(interval.upper).toBeGreaterThan(difference!)
  })

  it('tells by which points it fails where the medians do not show it', () => {
    const three = valuesOf(Array(60).fill(1), [...Array(7).fill(1), ...Array(3).fill(100)])
    const { reasons, exceedances } = judgeSeries(three, policy)
    expect(exceedances).toEqual({ from: 100, stable: 0, canary: 3 })
    expect(reasons[0]!.message).toBe(
      "Canary is higher in part: 3 of its 10 points are 100 or more, against 0 of stable's 60 once the margin of 10% is allowed for.",
    )
  })

  it('does not see the unit, nor the order of the points', () => {
    const values = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(values, values, fc.constantFrom(0.5, 2, 1024), (stable, canary, unit) => {
        const scaled = (some: readonly number[]): number[] => some.map((value) => value * unit).reverse()
        expect(judgeSeries(valuesOf(scaled(stable), scaled(canary)), policy).evidence).toEqual(
          judgeSeries(valuesOf(stable, canary), policy).evidence,
        )
      }),
      { seed: 7 },
    )
  })

  it('refuses a margin that is none', () => {
    expect(() => judgeSeries(valuesOf([1], [1]), { ...policy, margin: 'ten' })).toThrow(
      'expected a margin such as 10%, 0.5 or 10%,0.5, got "ten"',
    )
  })
})

describe('rates', () => {
  const rowsOf = (p: number, q: number, rows = 20, seed = 3): PlainSeries => {
    const random = randomOf(seed)
    return {
      kind: 'rates',
      rows: Array.from({ length: rows }, () => ({
        stable: rate(900, drawBinomial(900, p, random)),
        canary: rate(100, drawBinomial(100, q, random)),
      })),
    }
  }

  it.each<[string, PlainSeries, Partial<SeriesPolicy>, string]>([
    ['five times as many', rowsOf(0.01, 0.05), {}, 'fail'],
    ['alike, many', rowsOf(0.05, 0.05, 200), {}, 'pass'],
    ['alike, few', rowsOf(0.01, 0.01, 5), {}, 'inconclusive'],
    ['none at all, many', rowsOf(0, 0, 200), {}, 'pass'],
    [
      'from none to some, few enough to be exact',
      { kind: 'rates', rows: [{ stable: rate(9000, 0), canary: rate(1000, 9) }] },
      {},
      'fail',
    ],
    ['fewer, which is harm', rowsOf(0.9, 0.5), { worse: 'lower' }, 'fail'],
    ['none served', { kind: 'rates', rows: [{ stable: rate(9, 0), canary: rate(0, 0) }] }, {}, 'invalid'],
  ])('%s', (_name, series, more, verdict) => {
    expect(judgeSeries(series, { ...policy, ...more }).verdict).toBe(verdict)
  })
})

// Uneven sizes, and a canary that is exactly as much worse as is allowed: both answers are wrong, each at most so often.
describe('keeps its levels at the margin', () => {
  const runs = 1000
  const bound = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)

  it.each([
    [8, 40],
    [30, 30],
    [60, 12],
  ])('with %i and %i lognormal values', (n, m) => {
    const random = randomOf(n)
    const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
    const lognormal = (count: number, times: number): number[] =>
      Array.from({ length: count }, () => times * Math.exp(0.4 * normal()))
    const verdicts = Array.from(
      { length: runs },
      () => judgeSeries(valuesOf(lognormal(n, 1), lognormal(m, 1.1)), policy).verdict,
    )
    for (const wrong of ['fail', 'pass'])
      expect(verdicts.filter((one) => one === wrong).length / runs).toBeLessThan(bound)
  })

  it.each([
    [60, 10, 0.05],
    [30, 30, 0.3],
    [300, 40, 0.02],
  ])('with %i and %i counts that are mostly zero', (n, m, share) => {
    const random = randomOf(n)
    const counts = (count: number): number[] =>
      Array.from({ length: count }, () => (random() < share ? 1 + Math.floor(3 * random()) : 0))
    const verdicts = Array.from({ length: 400 }, () => judgeSeries(valuesOf(counts(n), counts(m)), policy).verdict)
    expect(verdicts.filter((one) => one === 'fail').length / 400).toBeLessThan(0.05 + 3 * Math.sqrt(0.05 / 400))
  })

  it('with rates, by either half of the margin', () => {
    const random = randomOf(5)
    for (const [p, q] of [
      [0.02, (0.02 * 1.5) / (1 + 0.02 * 0.5)],
      [0.0005, 0.0015],
    ] as const) {
      const verdicts = Array.from({ length: runs }, () => {
        const rows = Array.from({ length: 3 }, () => ({
          stable: rate(3000, drawBinomial(3000, p, random)),
          canary: rate(600, drawBinomial(600, q, random)),
        }))
        return judgeSeries({ kind: 'rates', rows }, policy).verdict
      })
      for (const wrong of ['fail', 'pass']) {
        expect(verdicts.filter((one) => one === wrong).length / runs).toBeLessThan(bound)
      }
    }
  })
})
