import type { Histogram, Rate } from '@coalmine/stats'

/**
 * Values above zero. Where lower is worse, as 1/x: what hurts is the upper end of that. Bucket i, of (b^i, b^(i+1)],
 * becomes bucket -i-1.
 */
export function aboveZero(values: Histogram, worse: 'higher' | 'lower'): Histogram {
  const { indices, counts } = values
  if (worse === 'higher') return values.zero === 0 ? values : { ...values, zero: 0 }
  return {
    ...values,
    zero: 0,
    indices: indices.map((index) => -index - 1).reverse(),
    counts: [...counts].reverse(),
  }
}

/** How many values are above zero. */
export function shareAboveZero({ zero, counts }: Histogram): Rate {
  const events = counts.reduce((sum, count) => sum + count, 0)
  return { n: events + zero, events }
}
