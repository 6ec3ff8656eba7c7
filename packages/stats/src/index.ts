// Histograms

// Evidence, block by block
export type { Distributions } from './distributions.ts'
export { type Alternative, type EProcess, meanProcess, minProcess } from './e-process.ts'
export { countOf, defaultScale, emptyHistogram, type Histogram, histogramOf, mergeHistograms } from './histogram.ts'
export { mapHistogram } from './map-histogram.ts'
export { latencyMargin } from './margin.ts'
export { oddsRatioProcess } from './odds-ratio.ts'
export { rankProcess } from './rank.ts'
export type { Rate, Rates } from './rates.ts'
export { riskDifferenceProcess } from './risk-difference.ts'
export { matchedQuantiles, matchedRates } from './matched.ts'
export { meanOf, quantileOf } from './summary.ts'
export { type TailShare, tailProcess } from './tail.ts'
