import { judge, type Verdict } from '@coalmine/comparator'
import type { CohortFacts, OperationTicks } from '@coalmine/store'
import type { Context } from '../context.ts'
import { factsOf } from './facts.ts'
import { measuredSlices } from './own-measures.ts'
import type { ComparisonRequest } from './request.ts'
import { slicesOf } from './slices.ts'
import { chained, gathered } from './window.ts'

/**
 * Judges a part of a comparison by what its requests did alone: whether the whole may be compared has been settled, and its
 * spans are read once. Instances that warm up count as they are.
 */
export async function judgePart(request: ComparisonRequest, { store, now, version }: Context): Promise<Verdict> {
  const { source, operations: read } = store.ticks.read(request)
  const operations = await gathered(read)
  const left = { builds: undefined, overlap: 0, mixedRequests: 0, late: 0 }
  const found = { source, stable: countOf(operations, 'stable'), canary: countOf(operations, 'canary'), ...left }
  const { slices, values } = await measuredSlices(store, request, request.policy)
  const facts = factsOf(request, found, [], request, { version, now: now() })
  return judge(chained(slicesOf(operations), slices), request.policy, { ...facts, values })
}

function countOf(operations: readonly OperationTicks[], cohort: 'stable' | 'canary'): CohortFacts {
  const counts = operations.flatMap(({ ticks }) => ticks.map((tick) => tick[cohort]))
  const sum = (key: 'requests' | 'traces'): number => counts.reduce((total, one) => total + one[key], 0)
  return {
    requests: sum('requests'),
    traces: sum('traces'),
    instances: [],
    firstMs: undefined,
    lastMs: undefined,
    testRequests: 0,
  }
}
