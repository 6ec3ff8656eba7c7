import type { Interval } from '../interval.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { checkRates, type Rates } from '../rates.ts'
import { noncentralMoments } from './noncentral.ts'
import { checkAlpha, pOfZ, type Sided, type TestResult, untestable } from './result.ts'

/**
 * Single-look test of whether the odds of an event in the canary are more, less or other than `oddsRatio` times stable's: in each
 * block, given how many events there were in all, the canary's part against its mean at that odds ratio, summed over blocks. At
 * an odds ratio of 1 it is the Cochran-Mantel-Haenszel test (R's `mantelhaen.test`), beyond it the conditional score test with
 * noncentral hypergeometric moments. Assumes independent units; the rate may drift between blocks. With fewer than ten events
 * or so, `fisherExact`.
 *
 * Mantel and Haenszel 1959; Gart 1970, Point and interval estimation of the common odds ratio, for odds ratios other than 1.
 *
 * @example
 * cochranMantelHaenszel([{ stable: { n: 450, events: 4 }, canary: { n: 50, events: 3 } }], { alternative: 'greater', continuity: false })
 * // { kind: 'tested', p: 0.00176, z: 2.92 }
 */
export function cochranMantelHaenszel(
  blocks: readonly Rates[],
  options: { readonly alternative: Sided; readonly oddsRatio?: number; readonly continuity?: boolean },
): TestResult<{ readonly z: number }> {
  const { alternative, oddsRatio = 1, continuity = true } = options
  if (!(oddsRatio > 0 && oddsRatio < Infinity)) {
    throw new RangeError(`oddsRatio: expected a number above zero, got ${oddsRatio}`)
  }
  let excess = 0
  let variance = 0
  let served = false
  for (const block of blocks) {
    checkRates(block)
    const { stable, canary } = block
    if (stable.n === 0 || canary.n === 0) continue
    served = true
    const margins = { n: stable.n, m: canary.n, events: stable.events + canary.events }
    const moments = noncentralMoments(margins, oddsRatio)
    excess += canary.events - moments.mean
    variance += moments.variance
  }
  if (!served) return untestable('empty-arm')
  if (variance === 0) return untestable('no-variance')
  const correction = continuity && Math.abs(excess) >= 0.5 ? Math.sign(excess) / 2 : 0
  const z = (excess - correction) / Math.sqrt(variance)
  return { kind: 'tested', p: pOfZ(z, alternative), z }
}

/**
 * The Mantel-Haenszel odds ratio of the canary to stable over all blocks, and its interval, each side at `alpha`, by the variance
 * of Robins, Breslow and Greenland 1986, which holds for few large blocks and for many small ones. `undefined` when an arm has no
 * event, or nothing but events, in every block.
 *
 * @example oddsRatioOnce([{ stable: { n: 900, events: 9 }, canary: { n: 100, events: 8 } }], { alpha: 0.025 })
 * // { oddsRatio: 8.61, interval: { lower: 3.24, upper: 22.9 } }
 */
export function oddsRatioOnce(
  blocks: readonly Rates[],
  options: { readonly alpha: number },
): { readonly oddsRatio: number; readonly interval: Interval } | undefined {
  const { alpha } = options
  checkAlpha(alpha)
  let more = 0
  let less = 0
  let moreWeight = 0
  let mixedWeight = 0
  let lessWeight = 0
  for (const block of blocks) {
    checkRates(block)
    const { stable, canary } = block
    const total = stable.n + canary.n
    if (stable.n === 0 || canary.n === 0) continue
    const r = (canary.events * (stable.n - stable.events)) / total
    const s = ((canary.n - canary.events) * stable.events) / total
    const p = (canary.events + stable.n - stable.events) / total
    more += r
    less += s
    moreWeight += p * r
    mixedWeight += p * s + (1 - p) * r
    lessWeight += (1 - p) * s
  }
  if (more === 0 || less === 0) return undefined
  const oddsRatio = more / less
  const sd = Math.sqrt(
    moreWeight / (2 * more * more) + mixedWeight / (2 * more * less) + lessWeight / (2 * less * less),
  )
  const factor = Math.exp(-normalQuantile(alpha) * sd)
  return { oddsRatio, interval: { lower: oddsRatio / factor, upper: oddsRatio * factor } }
}
