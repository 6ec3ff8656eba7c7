import type { EProcess } from './e-process.ts'

/**
 * The values of a parameter that the evidence has never rejected so far. `null`: nothing rejected on that side yet.
 * If `lower` is above `upper`, no single value fits the whole time: the effect changed.
 */
export interface Interval {
  readonly lower: number | null
  readonly upper: number | null
}

/** Which values evidence rejects: those below the interval, and those above it. */
export interface Rejects {
  readonly below: (value: number) => boolean
  readonly above: (value: number) => boolean
}

/** Whether the evidence ever reaches 1/alpha when fed these ticks. */
export function reaches<Block>(process: EProcess<Block>, ticks: Iterable<readonly Block[]>, alpha: number): boolean {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected a number between 0 and 1, got ${alpha}`)
  const enough = -Math.log(alpha)
  for (const strata of ticks) {
    process.add(...strata)
    if (process.logE >= enough) return true
  }
  return false
}

/**
 * Inverts tests to an interval over an ascending grid of values: each side ends at the last rejected value, moving inwards.
 *
 * @param near guesses of the steps where the sides end: good guesses save tests but do not change the result.
 * @example invert({ steps: 10, valueAt: (step) => step }, { below: (x) => x < 3, above: (x) => x > 7 }) // { lower: 2, upper: 8 }
 */
export function invert(
  grid: { readonly steps: number; valueAt(step: number): number },
  rejects: Rejects,
  near: Interval = { lower: null, upper: null },
): Interval {
  const { steps, valueAt } = grid
  const sound = (step: number | null): number =>
    step === null ? Math.floor(steps / 2) : Math.min(steps, Math.max(0, Math.round(step)))
  const lower = lastWhere(steps, sound(near.lower), (step) => rejects.below(valueAt(step)))
  const upper = lastWhere(steps, steps - sound(near.upper), (step) => rejects.above(valueAt(steps - step)))
  return {
    lower: lower === null ? null : valueAt(lower),
    upper: upper === null ? null : valueAt(steps - upper),
  }
}

// The last step from 0 at which a condition holds that holds up to some step and not after it. Looked for from where it may
// be outwards, in leaps four times as long each: each question reads every block.
function lastWhere(steps: number, near: number, holds: (step: number) => boolean): number | null {
  let yes = -1
  let no = steps + 1
  const ask = (step: number): void => {
    if (holds(step)) yes = step
    else no = step
  }
  ask(near)
  for (let leap = 1; yes < 0 && no > 0; leap *= 4) ask(Math.max(0, near - leap))
  for (let leap = 1; no > steps && yes < steps; leap *= 4) ask(Math.min(steps, near + leap))
  while (no - yes > 1) ask(Math.floor((yes + no) / 2))
  return yes < 0 ? null : yes
}
