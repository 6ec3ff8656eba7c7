import type { Alternative } from './e-process.ts'

// Small ones find a slight excess in hours, large ones a gross one in seconds; the mixture costs log 8 at most.
const oddsRatios = [1.1, 1.25, 1.5, 2, 3, 5, 10, 20]

/** The logarithms of the odds ratios that the tilted processes look for. */
export function tiltsOf(alternative: Alternative): Float64Array {
  const sign = alternative === 'greater' ? 1 : -1
  return Float64Array.from(oddsRatios, (ratio) => sign * Math.log(ratio))
}
