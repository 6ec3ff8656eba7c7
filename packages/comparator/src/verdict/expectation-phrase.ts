import { tidy } from '../numbers.ts'
import type { Margin } from '../policy/margin.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'

/** The expectation of a metric, to follow "is" or "to be". */
export function expectationPhrase({ expect, margin }: MetricPolicy): string {
  const amount = marginPhrase(margin)
  switch (expect) {
    case 'no-worse':
      return amount === '0' ? 'no worse' : `no worse by more than ${amount}`
    case 'worse-by-at-most':
      return `worse by at most ${amount}`
    case 'better':
      return amount === '0' ? 'better' : `better by more than ${amount}`
    case 'same':
      return `the same within ${amount}`
  }
}

/** A margin in words; a half that allows nothing is left out. */
export function marginPhrase(margin: Margin): string {
  const parts =
    'oddsRatio' in margin
      ? [
          ...(margin.oddsRatio > 1 ? [`odds x ${margin.oddsRatio}`] : []),
          ...(margin.difference > 0 ? [`${tidy(margin.difference * 100)} pp`] : []),
        ]
      : [
          ...(margin.ratio > 0 ? [`${tidy(margin.ratio * 100)} %`] : []),
          ...('seconds' in margin && margin.seconds > 0 ? [`${tidy(margin.seconds * 1000)} ms`] : []),
        ]
  return parts.length === 0 ? '0' : parts.join(' or ')
}
