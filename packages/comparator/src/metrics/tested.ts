import type { Interval } from '@coalmine/stats'
import type { Decision, Finding, Part } from '../finding.ts'
import type { Run } from '../statistics/run.ts'
import type { StandingRun } from '../statistics/statistics.ts'

/** The part of a finding about the size of the effect. */
export type Estimate = Pick<
  Finding,
  'statistic' | 'unit' | 'stable' | 'canary' | 'part' | 'zerosApart' | 'effect' | 'interval'
>

/** One metric in one scope after its tests: what is left is to decide, and then to estimate at the decision's level. */
export interface Tested {
  readonly worse: Run
  readonly within: readonly { readonly part: Part; readonly run: Run }[]
  estimate(decision: Decision, level: number): Estimate
  /** What `worse` would be if something else said at which ticks its evidence counts; absent where nothing does, or nothing is kept. */
  readonly worseWhile?: StandingRun['worseWhile']
  /** What `worse` would be with the users that were left out, and their number; absent if none were. */
  readonly withUsers?: { readonly users: number; readonly worse: Run }
  /** What `worse` would be over all instances together; absent if they are not shared, or if it is the same. */
  readonly acrossInstances?: Run
}

/**
 * A confidence sequence as a finding shows it. Where its sides have crossed, no one effect fits the whole window: it
 * changed, or operations differ. Then only the harm that was proved at times is told, and that it changed.
 *
 * @param effect what the two values that stand beside it show. They are of the whole window, and the interval of what makes the arms
 * alike tick by tick, which of values in two heaps may be far more: it is widened to hold both.
 */
export function shownInterval(
  { lower, upper }: Interval,
  level: number,
  decision: Decision,
  effect: number | null,
): Finding['interval'] {
  if (lower !== null && upper !== null && lower > upper)
    return { lower: decision === 'fail' ? lower : null, upper: null, level, changed: true }
  if (effect === null) return { lower, upper, level, changed: false }
  return {
    lower: lower === null ? null : Math.min(lower, effect),
    upper: upper === null ? null : Math.max(upper, effect),
    level,
    changed: false,
  }
}
