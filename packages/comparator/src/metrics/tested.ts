import type { Interval } from '@coalmine/stats'
import type { Decision, Finding, Part } from '../finding.ts'
import type { Run } from '../statistics/run.ts'

/** What a finding says of the size of the effect. */
export type Estimate = Pick<
  Finding,
  'statistic' | 'unit' | 'stable' | 'canary' | 'part' | 'zerosApart' | 'effect' | 'interval'
>

/** One metric in one scope after its tests: what is left is to decide, and then to estimate at the decision's level. */
export interface Tested {
  readonly worse: Run
  readonly within: readonly { readonly part: Part; readonly run: Run }[]
  estimate(decision: Decision, level: number): Estimate
}

/**
 * A confidence sequence as a finding shows it. Where its sides have crossed, no one effect fits the whole window: it
 * changed, or operations differ. Then only the harm that was proved at times is told, and that it changed.
 */
export function shownInterval({ lower, upper }: Interval, level: number, decision: Decision): Finding['interval'] {
  if (lower === null || upper === null || lower <= upper) return { lower, upper, level, changed: false }
  return { lower: decision === 'fail' ? lower : null, upper: null, level, changed: true }
}
