import { type Comparison, cohortsOf, spanParams, windowOf } from '../cohorts.ts'
import type { Engine } from '../engine/engine.ts'
import { rawFlags } from '../queries/raw-ticks.ts'
import { tickFlags } from '../queries/ticks.ts'

/** How many requests of a cohort met a variant at an operation. */
export interface FlagShare {
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

/** The variants that the cohorts of any comparison met; from raw spans, a request counted for each of its entry spans, where ticks do not know. */
export async function flagsMet(engine: Engine, comparison: Comparison): Promise<readonly FlagShare[]> {
  const known = await flagShares(engine, comparison)
  if (known.length > 0) return known
  const { service } = comparison
  return engine.read<FlagShare>(rawFlags, { service, ...windowOf(comparison), ...spanParams(comparison) })
}
