import { type Comparison, cohortsOf, windowOf } from './cohorts.ts'
import type { Engine } from './engine.ts'
import { tickFlags } from './queries.ts'

/** How many requests of a cohort met a variant at an operation. */
export type FlagShare = {
  readonly cohort: 'stable' | 'canary'
  readonly operation: string
  readonly flag: string
  readonly variant: string
  readonly requests: number
}

/** The variants that the cohorts of a comparison by build met; none for other comparisons, which name their own marks. */
export async function flagShares(engine: Engine, comparison: Comparison): Promise<readonly FlagShare[]> {
  const { source, params } = cohortsOf(comparison)
  if (source !== 'ticks' || !params.byBuild || params.flagKey !== '') return []
  const { stableBuild, canaryBuild, traffic } = params
  return engine.read<FlagShare>(tickFlags, {
    service: comparison.service,
    ...windowOf(comparison),
    stableBuild,
    canaryBuild,
    traffic,
  })
}
