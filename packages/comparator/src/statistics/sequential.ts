import {
  dispersedShareProcess,
  meanProcess,
  minProcess,
  oddsRatioInterval,
  oddsRatioProcess,
  rankProcess,
  ranksOf,
  riskDifferenceInterval,
  riskDifferenceProcess,
  scaleInterval,
  shareInterval,
  shareProcess,
  tailProcess,
} from '@coalmine/stats'
import { run } from './run.ts'
import type { Statistics } from './statistics.ts'

/** Prior effective sample size of the mixture: the measured best for splits. */
export const concentration = 1000

/** Ticks from which dispersion is first told: measured, more of them alarm no less often, and find later. */
const burnIn = 6

/** Tests that hold however often one looks. */
export const sequential: Statistics = {
  kind: 'e-value',
  ranked: ranksOf,
  rank: (alternative) => rankProcess({ alternative }),
  tail: (alternative, share) => tailProcess({ alternative, share }),
  odds: (alternative, oddsRatio) => oddsRatioProcess({ alternative, oddsRatio }),
  difference: (alternative, difference) => riskDifferenceProcess({ alternative, difference }),
  share: (alternative, share) => shareProcess({ alternative, share, concentration }),
  shareOfBatches: (alternative, share) => dispersedShareProcess({ alternative, share, concentration, burnIn }),
  any: meanProcess,
  all: minProcess,
  run,
  scaleInterval,
  oddsRatioInterval,
  riskDifferenceInterval,
  shareInterval: (blocks, { alpha }) => shareInterval(blocks, { alpha, concentration }),
}
