import fc from 'fast-check'
import { expect, test } from 'vitest'
import { subsets, ways } from '../../test/labellings.ts'
import { histogramOf } from '../histogram.ts'
import type { Rates } from '../rates.ts'
import { cochranMantelHaenszel, oddsRatioOnce } from './cochran-mantel-haenszel.ts'
import { conditionalBinomial } from './conditional-binomial.ts'
import { fisherExact } from './fisher-exact.ts'
import { hodgesLehmann } from './hodges-lehmann.ts'
import { mannWhitney } from './mann-whitney.ts'
import type { Sided, TestResult } from './result.ts'
import { riskDifferenceOnce, riskDifferenceTest } from './risk-difference-test.ts'
import { tailTest } from './tail-test.ts'
import { scaleIntervalOnce, vanElteren } from './van-elteren.ts'

const sides = ['greater', 'less', 'different'] as const
const opposite = { greater: 'less', less: 'greater', different: 'different' } as const
const values = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 })
const arms = fc.record({ stable: values, canary: values })
const rate = fc.record({ n: fc.integer({ min: 1, max: 60 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
const blocksOfRates: fc.Arbitrary<Rates[]> = fc.array(
  fc
    .record({ stable: rate, canary: rate })
    .map(({ stable, canary }) => ({ stable: eventsIn(stable), canary: eventsIn(canary) })),
  { minLength: 1, maxLength: 6 },
)

test('swapped arms answer the opposite question alike', () => {
  fc.assert(
    fc.property(
      fc.array(arms, { minLength: 1, maxLength: 4 }),
      blocksOfRates,
      fc.constantFrom(...sides),
      (all, blocks, side) => {
        const other = opposite[side]
        const histograms = all.map(({ stable, canary }) => ({
          stable: histogramOf(stable),
          canary: histogramOf(canary),
        }))
        alike(
          vanElteren(histograms, { alternative: side }),
          vanElteren(histograms.map(swapped), { alternative: other }),
        )
        const [one] = all
        alike(mannWhitney(one!, { alternative: side }), mannWhitney(swapped(one!), { alternative: other }))
        alike(
          cochranMantelHaenszel(blocks, { alternative: side, oddsRatio: 1.5 }),
          cochranMantelHaenszel(blocks.map(swapped), { alternative: other, oddsRatio: 1 / 1.5 }),
        )
        alike(
          fisherExact(blocks, { alternative: side, oddsRatio: 1.5 }),
          fisherExact(blocks.map(swapped), { alternative: other, oddsRatio: 1 / 1.5 }),
        )
        alike(
          riskDifferenceTest(blocks, { alternative: side, difference: 0.03 }),
          riskDifferenceTest(blocks.map(swapped), { alternative: other, difference: -0.03 }),
        )
      },
    ),
  )
})

test('a larger margin is never more evidence of harm', () => {
  fc.assert(
    fc.property(blocksOfRates, (blocks) => {
      const harm = [
        [1, 1.2, 1.5, 2, 5].map((oddsRatio) =>
          cochranMantelHaenszel(blocks, { alternative: 'greater', oddsRatio, continuity: false }),
        ),
        [1, 1.2, 1.5, 2, 5].map((oddsRatio) => fisherExact(blocks, { alternative: 'greater', oddsRatio })),
        [-0.1, 0, 0.001, 0.05, 0.3].map((difference) =>
          riskDifferenceTest([blocks[0]!], { alternative: 'greater', difference }),
        ),
      ]
      for (const answers of harm) {
        // Above a half nothing speaks of harm, and there a score test's z may rise with the margin: its variance falls.
        const ps = answers.flatMap((answer) => (answer.kind === 'tested' ? [Math.min(answer.p, 0.5)] : []))
        for (let at = 1; at < ps.length; at += 1) {
          expect(ps[at]!).toBeGreaterThanOrEqual(ps[at - 1]! - 1e-9)
        }
      }
    }),
  )
})

test('at a difference of 0 the score test is Cochran, Mantel and Haenszel’s without continuity', () => {
  fc.assert(
    fc.property(blocksOfRates, (blocks) => {
      const score = riskDifferenceTest(blocks, { alternative: 'greater', difference: 0 })
      const cmh = cochranMantelHaenszel(blocks, { alternative: 'greater', continuity: false })
      if (score.kind === 'tested' && cmh.kind === 'tested') expect(score.z).toBeCloseTo(cmh.z, 6)
    }),
  )
})

test('blocks in any order, and empty ones between, say the same', () => {
  fc.assert(
    fc.property(fc.array(arms, { minLength: 2, maxLength: 5 }), blocksOfRates, (all, blocks) => {
      const histograms = all.map(({ stable, canary }) => ({ stable: histogramOf(stable), canary: histogramOf(canary) }))
      const empty = { stable: histogramOf([]), canary: histogramOf([1]) }
      const again = [empty, ...histograms].reverse()
      alike(vanElteren(histograms, { alternative: 'greater' }), vanElteren(again, { alternative: 'greater' }))
      const tail = { alternative: 'greater', share: 0.1 } as const
      alike(tailTest(histograms, tail), tailTest(again, tail))
      const none = { stable: { n: 0, events: 0 }, canary: { n: 5, events: 3 } }
      const reversed = [none, ...blocks].reverse()
      alike(fisherExact(blocks, { alternative: 'less' }), fisherExact(reversed, { alternative: 'less' }))
      alike(
        riskDifferenceTest(blocks, { alternative: 'less', difference: 0.02 }),
        riskDifferenceTest(reversed, { alternative: 'less', difference: 0.02 }),
      )
    }),
  )
})

test('one block of histograms is the Mann-Whitney test of the values in it', () => {
  fc.assert(
    fc.property(arms, fc.constantFrom(...sides), (one, alternative) => {
      // Whole numbers below 128 have a bucket each at scale 8.
      const block = { stable: histogramOf(one.stable, 8), canary: histogramOf(one.canary, 8) }
      const options = { alternative, continuity: false, method: 'normal' } as const
      alike(mannWhitney(one, options), vanElteren([block], { alternative }))
      alike(mannWhitney(one, options), mannWhitney(block, options))
    }),
  )
})

test('only the order counts: values moved by an increasing map say the same', () => {
  fc.assert(
    fc.property(arms, (one) => {
      const moved = { stable: one.stable.map((x) => x ** 3 + x), canary: one.canary.map((x) => x ** 3 + x) }
      alike(mannWhitney(one, { alternative: 'greater' }), mannWhitney(moved, { alternative: 'greater' }))
    }),
  )
})

test('the shift moves with the values, and its ends are differences that were seen', () => {
  fc.assert(
    fc.property(arms, fc.integer({ min: -9, max: 9 }), ({ stable, canary }, by) => {
      const at = hodgesLehmann({ stable, canary }, { alpha: 0.1 })
      const moved = hodgesLehmann({ stable, canary: canary.map((x) => x + by) }, { alpha: 0.1 })
      if (at.kind !== 'estimated' || moved.kind !== 'estimated') throw new Error('expected estimates')
      expect(moved.shift).toBeCloseTo(at.shift + by, 9)
      const seen = canary.flatMap((c) => stable.map((s) => c - s)).sort((a, b) => a - b)
      const { lower, upper } = at.interval
      if (lower === null || upper === null) return
      expect(seen).toContain(lower)
      expect(seen).toContain(upper)
      expect(lower).toBeLessThanOrEqual(at.shift)
      expect(upper).toBeGreaterThanOrEqual(at.shift)
    }),
  )
})

test('exact: over every outcome, the chance of a p-value of at most a is at most a', () => {
  for (const [n, m, events] of [
    [7, 3, 4],
    [12, 5, 6],
    [4, 9, 10],
  ] as const) {
    for (const alternative of sides) {
      const outcomes: { p: number; chance: number }[] = []
      for (let y = Math.max(0, events - n); y <= Math.min(events, m); y += 1) {
        const block = { stable: { n, events: events - y }, canary: { n: m, events: y } }
        const result = fisherExact([block], { alternative })
        const chance = (ways(m, y) * ways(n, events - y)) / ways(n + m, events)
        outcomes.push({ p: tested(result).p, chance })
      }
      for (const { p } of outcomes) {
        const reached = outcomes.reduce((sum, one) => sum + (one.p <= p ? one.chance : 0), 0)
        expect(reached).toBeLessThanOrEqual(p + 1e-12)
      }
    }
  }
})

test('exact Mann-Whitney: each p-value is the share of labellings with as many wins', () => {
  const pool = [1, 2, 3, 5, 8, 13, 21, 34]
  for (const canaries of [1, 3, 5]) {
    const all = subsets(pool.length, canaries).map((subset) => ({
      stable: pool.filter((_, at) => !subset.includes(at)),
      canary: subset.map((at) => pool[at]!),
    }))
    const results = all.map((one) => tested(mannWhitney(one, { alternative: 'greater' })))
    for (const { p, wins } of results) {
      expect(p).toBeCloseTo(results.filter((other) => other.wins >= wins).length / all.length, 12)
    }
  }
})

test('the ends of the exact intervals are where the tests reject', () => {
  const blocks = [
    { stable: { n: 40, events: 3 }, canary: { n: 15, events: 4 } },
    { stable: { n: 30, events: 1 }, canary: { n: 22, events: 5 } },
  ]
  const { interval } = tested(fisherExact(blocks, { alternative: 'greater', alpha: 0.04 }))
  expect(tested(fisherExact(blocks, { alternative: 'greater', oddsRatio: interval.lower! })).p).toBeCloseTo(0.04, 10)
  expect(tested(fisherExact(blocks, { alternative: 'less', oddsRatio: interval.upper! })).p).toBeCloseTo(0.04, 10)
  const { interval: difference } = riskDifferenceOnce(blocks, { alpha: 0.04 })!
  const at = (side: Sided, end: number) => tested(riskDifferenceTest(blocks, { alternative: side, difference: end })).p
  expect(at('greater', difference.lower!)).toBeCloseTo(0.04, 9)
  expect(at('less', difference.upper!)).toBeCloseTo(0.04, 9)
})

test('what cannot be tested is said, and is no p-value', () => {
  const none = histogramOf([])
  const some = histogramOf([1, 1])
  const alternative = 'greater'
  const rates = (n: number, events: number) => ({ stable: { n: 10, events }, canary: { n, events: 0 } })
  const cases: [TestResult<unknown>, 'empty-arm' | 'no-variance'][] = [
    [vanElteren([], { alternative }), 'empty-arm'],
    [vanElteren([{ stable: none, canary: some }], { alternative }), 'empty-arm'],
    [vanElteren([{ stable: some, canary: some }], { alternative }), 'no-variance'],
    [tailTest([{ stable: some, canary: none }], { alternative, share: 0.1 }), 'empty-arm'],
    [mannWhitney({ stable: [], canary: [1] }, { alternative }), 'empty-arm'],
    [mannWhitney({ stable: [1, 1], canary: [1] }, { alternative }), 'no-variance'],
    [cochranMantelHaenszel([rates(0, 1)], { alternative }), 'empty-arm'],
    [cochranMantelHaenszel([rates(5, 0)], { alternative }), 'no-variance'],
    [fisherExact([rates(0, 1)], { alternative }), 'empty-arm'],
    [fisherExact([rates(5, 0)], { alternative }), 'no-variance'],
    [riskDifferenceTest([rates(0, 1)], { alternative, difference: 0.1 }), 'empty-arm'],
    [riskDifferenceTest([rates(5, 0)], { alternative, difference: 0 }), 'no-variance'],
    [conditionalBinomial({ stable: 0, canary: 0 }, { alternative, share: 0.5 }), 'empty-arm'],
  ]
  for (const [result, why] of cases) expect(result).toEqual({ kind: 'untestable', why })
  expect(hodgesLehmann({ stable: [], canary: [1] }, { alpha: 0.1 })).toEqual({ kind: 'untestable', why: 'empty-arm' })
  expect(oddsRatioOnce([rates(5, 0)], { alpha: 0.1 })).toBe(undefined)
  expect(riskDifferenceOnce([rates(0, 0)], { alpha: 0.1 })).toBe(undefined)
})

test.each([
  ['oddsRatio', () => cochranMantelHaenszel([], { alternative: 'less', oddsRatio: 0 })],
  ['difference', () => riskDifferenceTest([], { alternative: 'less', difference: 1 })],
  ['share', () => conditionalBinomial({ stable: 1, canary: 1 }, { alternative: 'less', share: 1 })],
  ['canary', () => conditionalBinomial({ stable: 1, canary: 1.5 }, { alternative: 'less', share: 0.5 })],
  ['stable[1]', () => mannWhitney({ stable: [1, Number.NaN], canary: [1] }, { alternative: 'less' })],
  ['alpha', () => scaleIntervalOnce([], { alpha: 0 })],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})

test('the values of the examples in the comments', () => {
  const one = { stable: histogramOf([1, 2, 3]), canary: histogramOf([4, 5]) }
  expect(tested(vanElteren([one], { alternative: 'greater' }))).toMatchObject({
    p: near(0.0416),
    z: near(1.73),
    winShare: 1,
  })
  const ten = { stable: histogramOf([1, 2, 3, 4, 5, 6, 7, 8]), canary: histogramOf([9, 10]) }
  expect(tailTest([ten], { alternative: 'greater', share: 0.1 })).toMatchObject({ p: near(0.0228), z: near(2) })
  const series = Array.from({ length: 100 }, (_, at) => at + 1)
  const block = { stable: histogramOf(series), canary: histogramOf(series.map((value) => 2 * value)) }
  expect(scaleIntervalOnce([block], { alpha: 0.025 })).toEqual({ lower: near(1.68), upper: near(2.38) })
  const few = { stable: [1, 2, 3], canary: [4, 5] }
  expect(mannWhitney(few, { alternative: 'greater' })).toEqual({
    kind: 'tested',
    p: near(0.1),
    wins: 6,
    method: 'exact',
  })
  const shifted = hodgesLehmann({ stable: [1, 2, 3], canary: [5, 6, 8] }, { alpha: 0.1 })
  expect(shifted).toEqual({ kind: 'estimated', shift: 4, interval: { lower: 2, upper: 7 } })
  const events = [{ stable: { n: 450, events: 4 }, canary: { n: 50, events: 3 } }]
  const cmh = cochranMantelHaenszel(events, { alternative: 'greater', continuity: false })
  expect(cmh).toEqual({ kind: 'tested', p: near(0.00176), z: near(2.92) })
  const errors = [{ stable: { n: 900, events: 9 }, canary: { n: 100, events: 8 } }]
  const odds = { oddsRatio: near(8.61), interval: { lower: near(3.24), upper: near(22.9) } }
  expect(oddsRatioOnce(errors, { alpha: 0.025 })).toEqual(odds)
  const difference = { difference: near(0.07), interval: { lower: near(0.0303), upper: near(0.1398) } }
  expect(riskDifferenceOnce(errors, { alpha: 0.025 })).toEqual(difference)
  const small = [{ stable: { n: 9, events: 1 }, canary: { n: 7, events: 5 } }]
  const fisher = { p: near(0.0245), oddsRatio: near(15.5), interval: { lower: near(1.37), upper: near(520) } }
  expect(fisherExact(small, { alternative: 'greater', alpha: 0.05 })).toMatchObject(fisher)
  const quiet = [{ stable: { n: 90_000, events: 0 }, canary: { n: 10_000, events: 0 } }]
  const within = riskDifferenceTest(quiet, { alternative: 'less', difference: 0.001 })
  expect(within).toEqual({ kind: 'tested', p: near(0.00078), z: near(-3.16) })
  const split = conditionalBinomial({ stable: 212, canary: 156 }, { alternative: 'different', share: 0.5 })
  expect(split).toMatchObject({
    p: near(0.0041),
    share: near(0.4239),
    interval: { lower: near(0.3728), upper: near(0.4762) },
  })
})

/** Within a percent: the digits that a comment shows. */
function near(expected: number): unknown {
  return { asymmetricMatch: (actual: unknown) => Math.abs((actual as number) - expected) <= 0.01 * Math.abs(expected) }
}

function alike(one: TestResult<unknown>, other: TestResult<unknown>): void {
  if (one.kind === 'untestable' || other.kind === 'untestable') expect(one).toEqual(other)
  else expect(one.p).toBeCloseTo(other.p, 9)
}

function swapped<Arm>({ stable, canary }: { stable: Arm; canary: Arm }): { stable: Arm; canary: Arm } {
  return { stable: canary, canary: stable }
}

function eventsIn({ n, share }: { n: number; share: number }): { n: number; events: number } {
  return { n, events: Math.round(n * share) }
}

function tested<Found>(result: TestResult<Found>): { readonly p: number } & Found {
  if (result.kind === 'tested') return result
  throw new Error(`untestable: ${result.why}`)
}
