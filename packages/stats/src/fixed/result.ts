import type { Alternative } from '../e-process.ts'
import { logNormalCdf } from '../normal.ts'

/**
 * The result of a single-look test: a p-value with what it found, or that there was nothing to test. A missing result is
 * never a p-value of 1.
 */
export type TestResult<Found> = ({ readonly kind: 'tested'; readonly p: number } & Found) | Untestable

/** `empty-arm`: an arm has too few values in every block. `no-variance`: all values are equal, so no difference can be tested. */
export interface Untestable {
  readonly kind: 'untestable'
  readonly why: 'empty-arm' | 'no-variance'
}

/** The alternative: the canary's value is greater, less, or different in either direction. */
export type Sided = Alternative | 'different'

/** The result of a test that is impossible, and why. */
export function untestable(why: Untestable['why']): Untestable {
  return { kind: 'untestable', why }
}

/** The p-value of a standard normal z: the tail itself, never one minus the other. */
export function pOfZ(z: number, alternative: Sided): number {
  switch (alternative) {
    case 'greater':
      return Math.exp(logNormalCdf(-z))
    case 'less':
      return Math.exp(logNormalCdf(z))
    case 'different':
      return Math.min(1, 2 * Math.exp(logNormalCdf(-Math.abs(z))))
  }
}

/** The p-value of whole numbers from `least` on with known chances, of which `seen` came; two-sided as R does it. */
export function pOfChances(chances: ArrayLike<number>, least: number, seen: number, alternative: Sided): number {
  const at = seen - least
  // R's tolerance: probabilities equal up to rounding errors are as extreme as the observed one.
  const asExtreme = chances[at]! * (1 + 1e-7)
  let sum = 0
  for (let k = 0; k < chances.length; k += 1) {
    const counts =
      alternative === 'different' ? chances[k]! <= asExtreme : alternative === 'greater' ? k >= at : k <= at
    if (counts) sum += chances[k]!
  }
  return Math.min(1, sum)
}

/** Throws a RangeError unless alpha is a probability. */
export function checkAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected a number between 0 and 1, got ${alpha}`)
}
