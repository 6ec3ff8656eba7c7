// Histograms

export { boundedMap, spreadOut } from './bounded.ts'
export {
  countOf,
  defaultScale,
  emptyHistogram,
  type Histogram,
  histogramOf,
  mergeHistograms,
  upperEdge,
} from './histogram.ts'
export { type BucketMap, bucketMap, mapHistogram, moveHistogram } from './map-histogram.ts'
export { meanOf, quantileOf } from './summary.ts'

// Data of both arms, block by block

export { blocksOf, type Patience, strataOf, type Tick } from './blocks.ts'
export type { Distributions, Sizes } from './distributions.ts'
export {
  type MatchedValues,
  matchedQuantiles,
  matchedRates,
  matchedValues,
  mergeMatched,
  weightedQuantile,
} from './matched.ts'
export { type Ranks, ranksOf } from './ranks.ts'
export type { Rate, Rates } from './rates.ts'

// Evidence

export { conformalProcess, type Timed } from './conformal.ts'
export {
  type Alternative,
  cappedProcess,
  type EProcess,
  eProcess,
  gatedProcess,
  meanProcess,
  minProcess,
} from './e-process.ts'
export { type Lean, leanOfRank, leanOfRates, leanOfShares, leanOfTail } from './lean.ts'
export { type InstanceLeans, leanOfInstanceRates, leanOfInstanceValues } from './lean-of-instances.ts'
export { oddsRatioProcess } from './odds-ratio.ts'
export { rankProcess } from './rank.ts'
export { riskDifferenceProcess } from './risk-difference.ts'
export { type Counts, shareProcess, shareWithMargin } from './share.ts'
export { tailProcess } from './tail.ts'
export type { TailShare } from './tail-size.ts'
export { mostPerTick } from './tilted.ts'
export { unitProcess } from './unit.ts'

// Confidence sequences

export { type Interval, invert } from './interval.ts'
export { type RateBounds, rateInterval } from './rate-interval.ts'
export { oddsRatioInterval, riskDifferenceInterval } from './rate-intervals.ts'
export { scaleInterval } from './scale-interval.ts'
export { shareInterval } from './share-interval.ts'

// Multiple testing

export { eBenjaminiHochberg } from './e-benjamini-hochberg.ts'
export { type HolmDecision, holm } from './holm.ts'

// Tests for a single look

export { cochranMantelHaenszel, oddsRatioOnce } from './fixed/cochran-mantel-haenszel.ts'
export { conditionalBinomial } from './fixed/conditional-binomial.ts'
export { type Exceedances, exceedanceTest } from './fixed/exceedances.ts'
export { type FisherExact, fisherExact } from './fixed/fisher-exact.ts'
export { hodgesLehmann } from './fixed/hodges-lehmann.ts'
export { type MannWhitney, mannWhitney } from './fixed/mann-whitney.ts'
export type { Sided, TestResult, Untestable } from './fixed/result.ts'
export { riskDifferenceOnce, riskDifferenceTest } from './fixed/risk-difference-test.ts'
export { tailTest } from './fixed/tail-test.ts'
export type { Values } from './fixed/tally.ts'
export { type RankTest, scaleIntervalOnce, vanElteren } from './fixed/van-elteren.ts'

// Counts that come in batches

export { dispersedShareProcess, dispersionOf } from './dispersion.ts'

// Two factors

export { eventSum, logSum, tailSums } from './cell-sums.ts'
export {
  type CellSum,
  type Contrast,
  type FactorialEffect,
  type FourCells,
  factorialEffects,
  reachOf,
} from './factorial.ts'

// Variation between groups

export { type Between, sdBetweenMeans, sdBetweenRates } from './between-groups.ts'

// Special functions

export { logNormalCdf } from './normal.ts'
export { normalQuantile } from './normal-quantile.ts'
export { studentQuantile, studentTail } from './student.ts'

// Seeded random numbers

export { drawBinomial, drawHypergeometric, drawMultinomial } from './draws.ts'
export { type Random, randomOf } from './random.ts'

// Shifts of a share

export { type ShareBlock, type ShareShift, shareShift, shiftWindow } from './share-shift.ts'
