import { expect, test } from 'vitest'
import { tables } from '../../../../test/oracle/tables.ts'
import type { Sided } from '../fixed/result.ts'
import { halfWidth } from './asymptotic-interval.ts'
import { bandRadius, bandTest } from './band-test.ts'
import { growthbookTest } from './growthbook.ts'
import { logNormalMixture, mixingVariance, normalMixtureBound, type Sides } from './normal-mixture.ts'
import { quantileRanks } from './quantile-interval.ts'
import { quantileTest } from './quantile-test.ts'

const oracle = tables<{
  quantileRanks: {
    n: number
    q: number
    alpha: number
    tightestAt: number
    lower: number | null
    upper: number | null
  }[]
  quantileTest: { stable: number[]; canary: number[]; q: number; tightestAt: number; logP: number }[]
  bandTest: { alternative: Sided; stable: number[]; canary: number[]; distance: number; p: number }[]
  halfWidth: { units: number; sd: number; alpha: number; tightestAt: number; sides: Sides; expected: number }[]
  growthbook: { n: number; m: number; difference: number; variances: [number, number]; half: number; p: number }[]
  mixtureSprt: { estimate: number; variance: number; tau2: number; expected: number }[]
  gavi: { units: number; phi: number; alpha: number; expected: number }[]
}>('sequential')

test.each(oracle.quantileRanks)('ranks around quantile $q of $n are those of the mixture integrated', (row) => {
  expect(quantileRanks(row.n, row)).toEqual({ lower: row.lower, upper: row.upper })
})

test.each(oracle.quantileTest)(
  'two quantiles: least evidence over all values, $q',
  ({ stable, canary, q, tightestAt, logP }) => {
    const result = quantileTest({ stable, canary }, { q, tightestAt })
    if (result.kind !== 'tested') throw new Error(result.why)
    expect(Math.log(result.p)).toBeCloseTo(logP, 6)
  },
)

test.each(oracle.bandTest)('bands, $alternative: p by root search', ({ alternative, stable, canary, distance, p }) => {
  const result = bandTest({ stable, canary }, { alternative })
  if (result.kind !== 'tested') throw new Error(result.why)
  expect(result.distance).toBeCloseTo(distance, 12)
  expect(result.p / p).toBeCloseTo(1, 8)
})

test.each([
  [100, 0.05, 0.269176],
  [1e3, 0.05, 0.086569],
  [1e4, 0.05, 0.027711],
  [1e5, 0.05, 0.008846],
  [1e3, 0.025, 0.088853],
  [1e4, 0.025, 0.028424],
])('the band of %d values at %d is %d', (n, alpha, expected) => {
  expect(bandRadius(n, alpha)).toBeCloseTo(expected, 6)
})

test.each(oracle.halfWidth)(
  'half-width at $units units, $sides sides',
  ({ units, sd, alpha, tightestAt, sides, expected }) => {
    const half = halfWidth({ units, variance: sd * sd * units, alpha, tightestAt, sides }) / units
    expect(half / expected).toBeCloseTo(1, 8)
  },
)

test.each(oracle.growthbook)('GrowthBook’s test with $n and $m', ({ n, m, difference, variances, half, p }) => {
  const arms = {
    stable: { n, mean: 1, variance: variances[0] },
    canary: { n: m, mean: 1 + difference, variance: variances[1] },
  }
  const result = growthbookTest(arms, { alpha: 0.05 })
  if (result.kind !== 'tested') throw new Error(result.why)
  expect(result.p / p).toBeCloseTo(1, 8)
  expect((result.interval.upper! - result.interval.lower!) / 2 / half).toBeCloseTo(1, 8)
})

test.each(oracle.mixtureSprt)(
  'the mixture SPRT of $estimate is the normal mixture',
  ({ estimate, variance, tau2, expected }) => {
    const logE = logNormalMixture({ sum: estimate / variance, variance: 1 / variance, mixing: 1 / tau2, sides: 2 })
    expect(logE).toBeCloseTo(expected, 10)
  },
)

test.each(oracle.gavi)('GAVI at $units units is the normal mixture’s bound', ({ units, phi, alpha, expected }) => {
  const mixing = phi / (Math.log(Math.log(Math.E / alpha ** 2)) - 2 * Math.log(alpha))
  const bound = normalMixtureBound({ variance: units, mixing, alpha, sides: 2 })
  expect(bound / Math.sqrt(units)).toBeCloseTo(expected, 10)
})

test('the one-sided mixture at a sum of 3, a variance of 10, tightest at 20, as in confseq', () => {
  const mixing = mixingVariance({ variance: 20, alpha: 0.05, sides: 1 })
  expect(mixing).toBeCloseTo(3.1601269814, 9)
  expect(logNormalMixture({ sum: 3, variance: 10, mixing, sides: 1 })).toBeCloseTo(0.09348478294, 9)
})
