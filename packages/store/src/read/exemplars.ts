import { type Comparison, spanParams } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import { type Exemplar, lastPartOf, type Suspects, slowFrom, typicalTraces } from './suspects.ts'

/**
 * Traces of both cohorts at an operation (null: all) with about the 95th percentile latency of their cohort: examples for when
 * nothing failed. Takes seconds and may time out.
 */
export async function exemplarsOf(
  engine: Engine,
  comparison: Comparison,
  operation: string | null,
): Promise<Suspects['exemplars']> {
  const params = spanParams(comparison)
  const asked = {
    service: comparison.service,
    ...(await lastPartOf(engine, comparison)),
    ...params,
    operation: operation ?? '',
    bad: 'slow',
  }
  const [slow] = await engine.read<{ stable: number; canary: number }>(slowFrom(params), asked)
  const traces = await engine.read<Exemplar & { cohort: 'stable' | 'canary' }>(typicalTraces(params), {
    ...asked,
    stableTypical: slow!.stable,
    canaryTypical: slow!.canary,
  })
  const of = (wanted: 'stable' | 'canary'): Exemplar[] =>
    traces.filter(({ cohort }) => cohort === wanted).map(({ cohort, ...trace }) => trace)
  return { stable: of('stable'), canary: of('canary') }
}
