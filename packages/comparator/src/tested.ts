import type { Interval } from '@coalmine/stats'
import type { Run } from './run.ts'
import type { Decision, Finding, Part } from './verdict.ts'

/** What a finding says of the size of the effect. */
export type Estimate = Pick<Finding, 'statistic' | 'stable' | 'canary' | 'part' | 'effect' | 'interval'>

/** One metric in one scope after its tests: what is left is to decide, and then to estimate at the decision's level. */
export interface Tested {
  readonly worse: Run
  readonly within: readonly { readonly part: Part; readonly run: Run }[]
  estimate(decision: Decision, level: number): Estimate
}

/**
 * A confidence sequence as a finding shows it. Where no one effect fits the whole window (it changed, or operations
 * differ), the ends of its two sides are told in order: each is still beyond what was rejected.
 */
export function shownInterval({ lower, upper }: Interval, level: number): Finding['interval'] {
  if (lower === null || upper === null || lower <= upper) return { lower, upper, level }
  return { lower: upper, upper: lower, level }
}
