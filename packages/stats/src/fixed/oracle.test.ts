import { expect, test } from 'vitest'
import { tables } from '../../../../test/oracle/tables.ts'
import { histogramOf } from '../histogram.ts'
import { normalQuantile } from '../normal-quantile.ts'
import type { Rates } from '../rates.ts'
import { studentQuantile, studentTail } from '../student.ts'
import { cochranMantelHaenszel, oddsRatioOnce } from './cochran-mantel-haenszel.ts'
import { conditionalBinomial } from './conditional-binomial.ts'
import { fisherExact } from './fisher-exact.ts'
import { hodgesLehmann } from './hodges-lehmann.ts'
import { mannWhitney } from './mann-whitney.ts'
import type { Sided, TestResult } from './result.ts'
import { riskDifferenceOnce, riskDifferenceTest } from './risk-difference-test.ts'
import { vanElteren } from './van-elteren.ts'

type Blocks = [number, number, number, number][]

const oracle = tables<{
  mannWhitney: {
    alternative: Sided
    continuity: boolean
    stable: number[]
    canary: number[]
    wins: number
    p: number
    shift: number
    untied: { stable: number[]; canary: number[]; lower: number; upper: number } | null
  }[]
  vanElteren: { alternative: Sided; stable: number[][]; canary: number[][]; z: number; p: number }[]
  cochranMantelHaenszel: {
    alternative: Sided
    continuity: boolean
    blocks: Blocks
    p: number
    oddsRatio: number
    lower: number
    upper: number
  }[]
  oddsRatioMargin: { oddsRatio: number; blocks: Blocks; z: number }[]
  fisherExact: {
    alternative: Sided
    ratio: number
    blocks: Blocks
    p: number
    oddsRatio: number | null
    lower: number | null
    upper: number | null
  }[]
  riskDifference: { difference: number; blocks: Blocks; z: number; lower: number; upper: number }[]
  conditionalBinomial: {
    alternative: Sided
    stable: number
    canary: number
    share: number
    p: number
    lower: number
    upper: number
  }[]
  normalQuantile: { p: number; z: number }[]
  studentTail: { t: number; df: number; tail: number; quantile: number }[]
}>('fixed')

test.each(oracle.mannWhitney)('Mann-Whitney, $alternative, is R’s wilcox.test', (row) => {
  const { alternative, continuity, stable, canary, wins, p } = row
  // Under ties R has the normal approximation alone; what is exact there has a table of its own.
  const tied = new Set([...stable, ...canary]).size < stable.length + canary.length
  const method = tied ? { method: 'normal' as const } : {}
  const result = tested(mannWhitney({ stable, canary }, { alternative, continuity, ...method }))
  expect(result.wins).toBe(wins)
  close(result.p, p)
  const { shift } = estimated(hodgesLehmann({ stable, canary }, { alpha: 0.05 }))
  close(shift, row.shift, 1e-12)
  if (row.untied === null) return
  const { interval } = estimated(hodgesLehmann(row.untied, { alpha: 0.05 }))
  // Where no bound is to be had at the level R gives the extreme difference, with a warning.
  if (interval.lower !== null) {
    close(interval.lower, row.untied.lower, 1e-12)
    close(interval.upper!, row.untied.upper, 1e-12)
  } else expect(row.untied.stable.length * row.untied.canary.length).toBeLessThan(20)
})

test.each(oracle.vanElteren)(
  'van Elteren, $alternative, is what R’s midranks give',
  ({ alternative, z, p, ...row }) => {
    // Whole numbers below 128 have a bucket each at scale 8.
    const blocks = row.stable.map((values, at) => ({
      stable: histogramOf(values, 8),
      canary: histogramOf(row.canary[at]!, 8),
    }))
    const result = tested(vanElteren(blocks, { alternative }))
    close(result.z, z)
    close(result.p, p)
  },
)

test.each(oracle.cochranMantelHaenszel)('Cochran-Mantel-Haenszel, $alternative, is R’s mantelhaen.test', (row) => {
  const result = tested(
    cochranMantelHaenszel(ratesOf(row.blocks), { alternative: row.alternative, continuity: row.continuity }),
  )
  close(result.p, row.p)
  const found = oddsRatioOnce(ratesOf(row.blocks), { alpha: 0.025 })!
  close(found.oddsRatio, row.oddsRatio)
  close(found.interval.lower!, row.lower)
  close(found.interval.upper!, row.upper)
})

test.each(oracle.oddsRatioMargin)('against an odds ratio of $oddsRatio it is R’s dhyper, whole', (row) => {
  const { oddsRatio, blocks, z } = row
  const result = cochranMantelHaenszel(ratesOf(blocks), { alternative: 'greater', oddsRatio, continuity: false })
  close(tested(result).z, z)
})

test.each(oracle.fisherExact)('exact, $alternative than $ratio, is R’s fisher.test and mantelhaen.test', (row) => {
  const { alternative, ratio, blocks, p, oddsRatio, lower, upper } = row
  const result = tested(fisherExact(ratesOf(blocks), { alternative, oddsRatio: ratio, alpha: 0.025 }))
  close(result.p, p)
  // R looks for its roots to 1e-4 on a scale from 0 to 1; that ours are the roots is a test beside the function.
  close(result.oddsRatio, oddsRatio ?? Infinity, 5e-3)
  if (lower === null) expect(result.interval.lower).toBe(null)
  else close(result.interval.lower!, lower, 5e-3)
  if (upper === null) expect(result.interval.upper).toBe(null)
  else close(result.interval.upper!, upper, 5e-3)
})

test.each(oracle.riskDifference)('a difference of $difference is Miettinen and Nurminen’s', (row) => {
  const { difference, blocks, z, lower, upper } = row
  close(tested(riskDifferenceTest(ratesOf(blocks), { alternative: 'greater', difference })).z, z)
  const { interval } = riskDifferenceOnce(ratesOf(blocks), { alpha: 0.025 })!
  expect(Math.abs(interval.lower! - lower)).toBeLessThan(1e-9)
  expect(Math.abs(interval.upper! - upper)).toBeLessThan(1e-9)
})

test.each(oracle.conditionalBinomial)(
  '$canary of $stable and $canary, $alternative than $share, is R’s binom.test',
  (row) => {
    const { alternative, stable, canary, share, p, lower, upper } = row
    const result = tested(conditionalBinomial({ stable, canary }, { alternative, share, alpha: 0.025 }))
    close(result.p, p)
    close(result.interval.lower!, lower)
    close(result.interval.upper!, upper)
  },
)

test.each(oracle.normalQuantile)('the normal quantile at $p is R’s', ({ p, z }) => close(normalQuantile(p), z, 1e-12))

test.each(oracle.studentTail)(
  'Student’s t above $t with $df degrees of freedom is R’s',
  ({ t, df, tail, quantile }) => {
    close(studentTail(t, df), tail, 1e-10)
    close(studentQuantile(0.01, df), quantile, 1e-9)
  },
)

function close(actual: number, expected: number, relative = 1e-9): void {
  if (actual === expected) return
  expect(Math.abs(actual - expected), `${actual} beside ${expected}`).toBeLessThanOrEqual(relative * Math.abs(expected))
}

function tested<Found>(result: TestResult<Found>): { readonly p: number } & Found {
  if (result.kind === 'tested') return result
  throw new Error(`untestable: ${result.why}`)
}

function estimated(result: ReturnType<typeof hodgesLehmann>): Extract<typeof result, { kind: 'estimated' }> {
  if (result.kind === 'estimated') return result
  throw new Error(`untestable: ${result.why}`)
}

function ratesOf(blocks: Blocks): Rates[] {
  return blocks.map(([n, events, m, ofCanary]) => ({ stable: { n, events }, canary: { n: m, events: ofCanary } }))
}
