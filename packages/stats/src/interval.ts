import type { EProcess } from './e-process.ts'

/**
 * The values of a parameter that the evidence has not rejected at any time so far. `null`: nothing rejected on that side yet.
 * When `lower` is above `upper` no one value fits the whole time: the effect changed.
 */
export interface Interval {
  readonly lower: number | null
  readonly upper: number | null
}

/** Whether the evidence from the blocks ever reaches 1/alpha. */
export function reaches<Block>(process: EProcess<Block>, blocks: Iterable<Block>, alpha: number): boolean {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected a number between 0 and 1, got ${alpha}`)
  const enough = -Math.log(alpha)
  for (const block of blocks) {
    process.add(block)
    if (process.logE >= enough) return true
  }
  return false
}

/** The interval over an ascending grid of values: each side ends at the last value that is rejected, walking inwards. */
export function invert(
  grid: { readonly steps: number; valueAt(step: number): number },
  rejects: { below(value: number): boolean; above(value: number): boolean },
): Interval {
  const { steps, valueAt } = grid
  const lower = lastWhere(steps, (step) => rejects.below(valueAt(step)))
  const upper = lastWhere(steps, (step) => rejects.above(valueAt(steps - step)))
  return {
    lower: lower === null ? null : valueAt(lower),
    upper: upper === null ? null : valueAt(steps - upper),
  }
}

// The last step from 0 at which a condition holds that holds up to some step and not after it. Looked for from the middle
// outwards, in leaps four times as long each: most effects are near none, and each question reads every block.
function lastWhere(steps: number, holds: (step: number) => boolean): number | null {
  const middle = Math.floor(steps / 2)
  let yes = -1
  let no = steps + 1
  const ask = (step: number): void => {
    if (holds(step)) yes = step
    else no = step
  }
  ask(middle)
  for (let leap = 1; yes < 0 && no > 0; leap *= 4) ask(Math.max(0, middle - leap))
  for (let leap = 1; no > steps && yes < steps; leap *= 4) ask(Math.min(steps, middle + leap))
  while (no - yes > 1) ask(Math.floor((yes + no) / 2))
  return yes < 0 ? null : yes
}
