import { logGamma } from './log-gamma.ts'

const table = [0]

/** The logarithm of n! for an integer n; small values, which every block needs many times, are cached. */
export function logFactorial(n: number): number {
  if (n >= 4096) return logGamma(n + 1)
  for (let next = table.length; next <= n; next += 1) table.push(next < 2 ? 0 : logGamma(next + 1))
  return table[n]!
}
