import type { Distributions } from '../distributions.ts'
import { type Interval, invert } from '../interval.ts'
import { rankMoments } from './rank-moments.ts'
import { checkAlpha, pOfZ, type Sided, type TestResult, untestable } from './result.ts'

/** The result of a rank test: z, and the share of pairs that the canary wins (1/2 if nothing differs). */
export interface RankTest {
  readonly z: number
  readonly winShare: number
}

/**
 * Whether the canary's values are larger, smaller or different as a whole, by one look: the Mann-Whitney test inside each
 * block, added up with van Elteren's weights 1/(N+1), tie-corrected. Assumes independent values and one distribution for both
 * arms of a block; level and traffic may drift between blocks. With one block it is the Mann-Whitney test itself.
 *
 * For a margin, move stable's histogram with `mapHistogram`, as for `rankProcess`. Valid for one look only; for repeated looks,
 * use `rankProcess`.
 *
 * van Elteren 1960, On the combination of independent two-sample tests of Wilcoxon.
 *
 * @example
 * vanElteren([{ stable: histogramOf([1, 2, 3]), canary: histogramOf([4, 5]) }], { alternative: 'greater' })
 * // { kind: 'tested', p: 0.0416, z: 1.73, winShare: 1 }
 */
export function vanElteren(
  blocks: readonly Distributions[],
  options: { readonly alternative: Sided },
): TestResult<RankTest> {
  return vanElterenAt(blocks, 0, options.alternative)
}

function vanElterenAt(blocks: readonly Distributions[], shift: number, alternative: Sided): TestResult<RankTest> {
  let excess = 0
  let pairs = 0
  let variance = 0
  for (const block of blocks) {
    const { n, m, wins, variance: ofBlock } = rankMoments(block, shift)
    if (n === 0 || m === 0) continue
    const weight = 1 / (n + m + 1)
    excess += weight * (wins - (n * m) / 2)
    pairs += weight * n * m
    variance += weight * weight * ofBlock
  }
  if (pairs === 0) return untestable('empty-arm')
  if (variance === 0) return untestable('no-variance')
  const z = excess / Math.sqrt(variance)
  return { kind: 'tested', p: pOfZ(z, alternative), z, winShare: 0.5 + excess / pairs }
}

/**
 * Single-look interval of the ratio of the canary's values to stable's: the factors that `vanElteren` does not reject, each side at
 * `alpha`. In steps of a bucket (2.2 % at scale 5). For repeated looks, use `scaleInterval`.
 *
 * @example
 * const values = Array.from({ length: 100 }, (_, at) => at + 1)
 * const block = { stable: histogramOf(values), canary: histogramOf(values.map((value) => 2 * value)) }
 * scaleIntervalOnce([block], { alpha: 0.025 }) // { lower: 1.68, upper: 2.38 }
 */
export function scaleIntervalOnce(blocks: readonly Distributions[], options: { readonly alpha: number }): Interval {
  const { alpha } = options
  checkAlpha(alpha)
  const scale = blocks.reduce((least, { stable, canary }) => Math.min(least, stable.scale, canary.scale), finest)
  const bucketsPerDoubling = 2 ** scale
  const rejects = (shift: number, alternative: Sided): boolean => {
    const result = vanElterenAt(blocks, shift, alternative)
    return result.kind === 'tested' && result.p <= alpha
  }
  const shifts = invert(
    { steps: 2 * doublings * bucketsPerDoubling, valueAt: (step) => step - doublings * bucketsPerDoubling },
    { below: (shift) => rejects(shift, 'greater'), above: (shift) => rejects(shift, 'less') },
  )
  const factorOf = (shift: number | null): number | null => (shift === null ? null : 2 ** (shift / bucketsPerDoubling))
  return { lower: factorOf(shifts.lower), upper: factorOf(shifts.upper) }
}

// Factors from 1/4096 to 4096 are looked at, as `scaleInterval` does; OpenTelemetry's highest scale.
const doublings = 12
const finest = 20
