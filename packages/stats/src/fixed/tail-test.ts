import { canaryInTop, type Distributions, sizesOf } from '../distributions.ts'
import type { TailShare } from '../tail-size.ts'
import { pOfZ, type Sided, type TestResult, untestable } from './result.ts'

/**
 * Whether the canary has more (fewer) than its part of the slowest values, by one look: in each block the canary's part of the
 * top `share` of the pooled values against its hypergeometric mean, summed over blocks (the Cochran-Mantel-Haenszel test of
 * the exceedances, without continuity correction). Ties at the edge count as the mean over their orders: conservative.
 *
 * @example
 * tailTest([{ stable: histogramOf([1, 2, 3, 4, 5, 6, 7, 8]), canary: histogramOf([9, 10]) }], { alternative: 'greater', share: 0.1 })
 * // { kind: 'tested', p: 0.0228, z: 2 }
 */
export function tailTest(
  blocks: readonly Distributions[],
  options: { readonly alternative: Sided; readonly share: TailShare },
): TestResult<{ readonly z: number }> {
  const { alternative, share } = options
  let excess = 0
  let variance = 0
  let served = false
  for (const block of blocks) {
    const { stable: n, canary: m } = sizesOf(block)
    if (n === 0 || m === 0) continue
    served = true
    const total = n + m
    const top = Math.max(1, Math.round(share * total))
    excess += canaryInTop(block, top, 0) - (top * m) / total
    variance += (top * n * m * (total - top)) / (total * total * (total - 1))
  }
  if (!served) return untestable('empty-arm')
  if (variance === 0) return untestable('no-variance')
  const z = excess / Math.sqrt(variance)
  return { kind: 'tested', p: pOfZ(z, alternative), z }
}
