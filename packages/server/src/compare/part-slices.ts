import type { Slice } from '@coalmine/comparator'
import type { Context } from '../context.ts'
import { measuredSlices } from './own-measures.ts'
import type { ComparisonRequest } from './request.ts'
import { slicesOf } from './slices.ts'
import { gathered } from './window.ts'

/**
 * Reads slices of a part of a comparison for the metrics of its policy. Whether the whole is comparable is already settled, so the
 * spans are read once. Warm-up is not left out.
 */
export async function partSlices(request: ComparisonRequest, { store }: Context): Promise<Slice[]> {
  const names = new Set(request.policy.metrics.map(({ name }) => name))
  const operations = await gathered(store.ticks.read(request).operations)
  const { slices } = await measuredSlices(store, request, request.policy)
  return [...slicesOf(operations, true), ...slices].filter(({ metric }) => names.has(metric))
}
