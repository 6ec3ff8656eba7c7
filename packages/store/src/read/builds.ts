import { type Comparison, windowOf } from '../cohorts.ts'
import type { Engine } from '../engine/engine.ts'
import { buildsSeen } from '../queries/instances.ts'
import type { ComparisonFacts } from './facts.ts'

/** When the cohorts' builds were first seen, at most a day before the window, and what says no build. */
export interface BuildsSeen {
  readonly stableFirstMs: number
  readonly canaryFirstMs: number
  /** Requests in the window without a build. */
  readonly unmarkedRequests: number
}

/** Undefined unless the cohorts are chosen by build and both were seen. */
export async function buildsSeenOf(
  engine: Engine,
  comparison: Comparison,
  { builds }: ComparisonFacts,
): Promise<BuildsSeen | undefined> {
  if (!builds) return undefined
  const rows = await engine.read<{ build: string; firstMs: number; requests: number }>(buildsSeen, {
    service: comparison.service,
    traffic: comparison.traffic ?? 'users',
    ...windowOf(comparison),
  })
  const of = (build: string) => rows.find((row) => row.build === build)
  const stable = of(builds.stable)
  const canary = of(builds.canary)
  if (!stable || !canary) return undefined
  return {
    stableFirstMs: stable.firstMs,
    canaryFirstMs: canary.firstMs,
    unmarkedRequests: of('')?.requests ?? 0,
  }
}
