// Histograms

export { countOf, defaultScale, emptyHistogram, type Histogram, histogramOf, mergeHistograms } from './histogram.ts'
export { mapHistogram } from './map-histogram.ts'
export { meanOf, quantileOf } from './summary.ts'

// What both arms showed, block by block

export { blocksOf, type Tick } from './blocks.ts'
export type { Distributions } from './distributions.ts'
export { matchedQuantiles, matchedRates } from './matched.ts'
export type { Rate, Rates } from './rates.ts'

// Evidence

export { type Alternative, type EProcess, meanProcess, minProcess } from './e-process.ts'
export { oddsRatioProcess } from './odds-ratio.ts'
export { rankProcess } from './rank.ts'
export { riskDifferenceProcess } from './risk-difference.ts'
export { type Counts, shareProcess, shareWithMargin } from './share.ts'
export { type TailShare, tailProcess } from './tail.ts'

// What the evidence leaves open

export type { Interval } from './interval.ts'
export { oddsRatioInterval, riskDifferenceInterval } from './rate-intervals.ts'
export { scaleInterval } from './scale-interval.ts'
export { shareInterval } from './share-interval.ts'

// Many findings at once

export { type HolmDecision, holm } from './holm.ts'

// Special functions

export { logNormalCdf } from './normal.ts'
