import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { logIncompleteBeta } from './incomplete-beta.ts'
import { logBeta } from './log-beta.ts'
import { logFactorial } from './log-factorial.ts'
import { logGamma } from './log-gamma.ts'
import { logNormalCdf } from './normal.ts'

const oracle = tables<{
  logGamma: { x: number; expected: number }[]
  logBeta: { a: number; b: number; expected: number }[]
  logNormalCdf: { z: number; expected: number }[]
  logIncompleteBeta: { x: number; a: number; b: number; expected: number }[]
}>('special-functions')

test.each(oracle.logGamma)('log gamma of $x is mpmath’s to 1e-13', ({ x, expected }) => {
  expect(relativeError(logGamma(x), expected)).toBeLessThan(1e-13)
})

test.each(oracle.logBeta)('log beta of $a, $b is mpmath’s to 1e-12', ({ a, b, expected }) => {
  expect(relativeError(logBeta(a, b), expected)).toBeLessThan(1e-12)
  expect(logBeta(b, a)).toBe(logBeta(a, b))
})

test.each(oracle.logNormalCdf)(
  'log of the normal distribution function at $z is mpmath’s to 1e-12',
  ({ z, expected }) => {
    expect(relativeError(logNormalCdf(z), expected)).toBeLessThan(1e-12)
  },
)

test.each(oracle.logIncompleteBeta)('I_$x($a, $b) is mpmath’s to 1e-10', ({ x, a, b, expected }) => {
  // Of the probability where the log is small, of the log where it is large.
  const error = logIncompleteBeta(x, a, b) - expected
  expect(Math.abs(error) / Math.max(1, Math.abs(expected))).toBeLessThan(1e-10)
})

test('both tails of the beta distribution make one', () => {
  for (const [x, a, b] of [
    [0.3, 2, 5],
    [0.5, 1e4, 1e4],
    [0.1, 100, 900],
  ] as const) {
    const both = Math.exp(logIncompleteBeta(x, a, b)) + Math.exp(logIncompleteBeta(1 - x, b, a))
    expect(both).toBeCloseTo(1, 12)
  }
})

test('log factorials from the table and beyond it follow (n+1)! = (n+1) n!', () => {
  for (const n of [0, 1, 5, 170, 4094, 4095, 4096, 1e6]) {
    expect(logFactorial(n + 1) - logFactorial(n)).toBeCloseTo(Math.log(n + 1), 7)
  }
  expect(logFactorial(5)).toBeCloseTo(Math.log(120), 13)
})

test.each([
  () => logGamma(0),
  () => logNormalCdf(Number.NaN),
  () => logIncompleteBeta(1.1, 1, 1),
  () => logIncompleteBeta(0.5, 0, 1),
])('what has no answer is an error, not a number: %s', (call) => {
  expect(call).toThrow(RangeError)
})

function relativeError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / (Math.abs(expected) || 1)
}
