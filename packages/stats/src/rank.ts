import type { Distributions } from './distributions.ts'
import type { Alternative, EProcess } from './e-process.ts'
import { type Ranks, ranksOf } from './ranks.ts'
import { tiltedProcess } from './tilted.ts'

/**
 * Evidence that the canary's values are larger (`greater`) or smaller (`less`) as a whole: a sequential Wilcoxon test.
 *
 * In each block, whatever its level, the canary's wins over stable, U, are compared with what equal distributions give; ties
 * count one half. Given the pooled values U is sub-Gaussian with its own variance nm(N+1)/12, so with s = (U - nm/2)/(N+1) (van
 * Elteren 1960) and v = nm/(12(N+1)) a block multiplies E by exp(l s - l^2 v/2), averaged over four l. Holds for every canary that
 * is stochastically no larger (no smaller) than stable in each block, and however level and traffic drift between blocks.
 *
 * @example
 * const process = rankProcess({ alternative: 'greater' })
 * process.add({ stable: histogramOf([1, 2, 3]), canary: histogramOf([4, 5]) })
 * process.logE // 0.42
 */
export function rankProcess(options: { readonly alternative: Alternative }): EProcess<Distributions | Ranks> {
  return rankSumProcess<Distributions | Ranks>(options, (block) => rankSumOf('wins' in block ? block : ranksOf(block)))
}

/** How far the canary's wins in some blocks are above what equal distributions give, with its variance. */
export interface RankSum {
  readonly excess: number
  readonly variance: number
  readonly information: number
}

function rankSumOf({ stable: n, canary: m, wins }: Ranks): RankSum {
  if (n === 0 || m === 0) return { excess: 0, variance: 0, information: 0 }
  return {
    excess: (wins - (n * m) / 2) / (n + m + 1),
    variance: (n * m) / (12 * (n + m + 1)),
    information: (n * m) / (n + m),
  }
}

/** The same evidence from the rank sums of blocks. */
export function rankSumProcess<Block>(
  { alternative }: { readonly alternative: Alternative },
  sumOf: (block: Block) => RankSum,
): EProcess<Block> {
  const sign = alternative === 'greater' ? 1 : -1
  return tiltedProcess(tilts.length, alternative, (block, into) => {
    const { excess, variance, information } = sumOf(block)
    for (let at = 0; at < tilts.length; at += 1) into[at] = tilts[at]! * (sign * excess - (tilts[at]! * variance) / 2)
    return information
  })
}

// The effects looked for, as d = P(canary > stable) - 1/2: the best tilt for d is 12 d whatever the traffic, so nothing has to be
// learnt from the first blocks and a ramp costs nothing. For a lognormal of sigma 0.6 they are +2, 6, 19 and 65 %. Measured: five,
// from 0.015 to 0.24, find +2 % in half an hour ten times in a hundred less, and the rest no sooner.
const tilts = [0.01, 0.028, 0.08, 0.22].map((effect) => 12 * effect)
