import type { RolloutStage } from './plan.ts'

/**
 * The traffic shares of the stages and their bake times, in the form of a comparison's `ramp`; undefined if
 * a stage counts hosts, or is a share of a flag.
 *
 * @example plannedRamp(plan.stages) // '10%:1800s,100%:0s'
 */
export function plannedRamp(stages: readonly RolloutStage[]): string | undefined {
  if (stages.length === 0 || stages.some(({ percent, flag }) => percent === null || percent <= 0 || flag !== null))
    return undefined
  const parts = stages.map(({ percent, bakeMs }) => `${percent}%:${bakeMs / 1000}s`)
  return stages.at(-1)!.percent === 100 ? parts.join(',') : [...parts, '100%'].join(',')
}
