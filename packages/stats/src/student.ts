import { logIncompleteBeta } from './incomplete-beta.ts'
import { solve } from './solve.ts'

/**
 * The chance that Student's t with `df` degrees of freedom is above `t`, to 1e-10 relative; the upper tail itself, never
 * one minus the lower.
 *
 * @example studentTail(2, 10) // 0.0366940
 */
export function studentTail(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`df: expected a number above zero, got ${df}`)
  if (Number.isNaN(t)) throw new RangeError('t: expected a number, got NaN')
  if (t < 0) return 1 - studentTail(-t, df)
  // Near the middle from the share within, further out from the share outside (Abramowitz and Stegun 26.7.1).
  const square = t * t
  const half =
    square < 1
      ? 1 - Math.exp(logIncompleteBeta(square / (df + square), 0.5, df / 2))
      : Math.exp(logIncompleteBeta(df / (df + square), df / 2, 0.5))
  return half / 2
}

/**
 * The t that Student's t with `df` degrees of freedom is above with probability `tail`.
 *
 * @example studentQuantile(0.025, 10) // 2.2281389
 */
export function studentQuantile(tail: number, df: number): number {
  if (!(tail > 0 && tail < 1)) throw new RangeError(`tail: expected a number between 0 and 1, got ${tail}`)
  if (tail > 0.5) return -studentQuantile(1 - tail, df)
  let most = 1
  while (studentTail(most, df) > tail) most *= 2
  return solve((t) => tail - studentTail(t, df), 0, most)
}
