import {
  cappedProcess,
  dispersedShareProcess,
  meanProcess,
  minProcess,
  mostPerTick,
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
import { traced } from './traced.ts'
import { ratesStand, valuesStand, whileStanding } from './units.ts'

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
  share: (alternative, share) => cappedProcess(shareProcess({ alternative, share, concentration }), mostPerTick),
  shareOfBatches: (alternative, share) =>
    cappedProcess(dispersedShareProcess({ alternative, share, concentration, burnIn }), mostPerTick),
  any: meanProcess,
  all: minProcess,
  valuesStand,
  ratesStand,
  whileStanding,
  runStanding: (process, stands, blocks) => {
    const { process: kept, runWhile } = traced(process)
    return { worse: run(whileStanding(kept, stands), blocks), worseWhile: runWhile }
  },
  run,
  scaleInterval,
  oddsRatioInterval,
  riskDifferenceInterval,
  shareInterval: (blocks, { alpha }) => shareInterval(blocks, { alpha, concentration }),
}
