import { type Histogram, mergeHistograms } from './histogram.ts'

/**
 * Moves every value of a histogram by an increasing map, such as a margin, never to the advantage of the decision.
 *
 * A bucket's values are known only to its edges, so their images may lie in two or more buckets. `up` takes the highest of
 * them: "the canary is above even that" proves harm. `down` takes the lowest: "the canary is below even that" proves its absence.
 * `map` must be pure and increasing, and is given values of zero and more.
 *
 * @example mapHistogram(histogramOf([1]), (x) => 1.1 * x, 'up').indices // [4], from -1: 5 buckets, 11.4 %
 * @example mapHistogram(histogramOf([1]), (x) => 1.1 * x, 'down').indices // [3]: 4 buckets, 9.1 %
 */
export function mapHistogram(histogram: Histogram, map: (value: number) => number, rounding: 'up' | 'down'): Histogram {
  const { scale, zero } = histogram
  const imageOf = imagesUnder(map, scale, rounding)
  const indices: number[] = []
  const counts: number[] = []
  for (let at = 0; at < histogram.indices.length; at += 1) {
    const image = imageOf(histogram.indices[at]!)
    if (image === indices.at(-1)) counts[counts.length - 1]! += histogram.counts[at]!
    else {
      indices.push(image)
      counts.push(histogram.counts[at]!)
    }
  }
  const moved = { scale, zero: 0, indices, counts }
  if (zero === 0) return moved
  const zeroTo = map(0)
  if (!(zeroTo > 0)) return { ...moved, zero }
  const movedZero = { scale, zero: 0, indices: [Math.ceil(steps(zeroTo, scale)) - 1], counts: [zero] }
  return mergeHistograms([moved, movedZero])
}

type Image = (index: number) => number

// A judge moves thousands of histograms by one margin: each bucket's image is worked out once.
const remembered = new WeakMap<(value: number) => number, Map<string, Image>>()

function imagesUnder(map: (value: number) => number, scale: number, rounding: 'up' | 'down'): Image {
  const ofMap = remembered.get(map) ?? new Map<string, Image>()
  remembered.set(map, ofMap)
  const key = `${scale} ${rounding}`
  const images = ofMap.get(key) ?? rememberImages(map, scale, rounding)
  ofMap.set(key, images)
  return images
}

function rememberImages(map: (value: number) => number, scale: number, rounding: 'up' | 'down'): Image {
  const images = new Map<number, number>()
  return (index) => {
    const known = images.get(index)
    if (known !== undefined) return known
    const edge = 2 ** ((rounding === 'up' ? index + 1 : index) / 2 ** scale)
    const moved = steps(map(edge), scale)
    const image = rounding === 'up' ? Math.ceil(moved) - 1 : Math.floor(moved)
    if (!Number.isFinite(image)) throw new RangeError(`map: expected a number above zero for ${edge}, got ${map(edge)}`)
    images.set(index, image)
    return image
  }
}

// How many bucket edges lie between 1 and a value. An image that is an edge but for rounding errors counts as that edge.
function steps(value: number, scale: number): number {
  const exact = Math.log2(value) * 2 ** scale
  const nearest = Math.round(exact)
  return Math.abs(exact - nearest) < 1e-9 ? nearest : exact
}
