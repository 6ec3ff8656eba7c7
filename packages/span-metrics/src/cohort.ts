import { parseSelector } from '@coalmine/store'
import type { Labels } from './labels.ts'

/** A label that series must match to be part of a cohort or the comparison. */
export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~'
  readonly value: string
}

/**
 * Converts a span selector to label matchers, with attributes spelled as Prometheus labels.
 *
 * @example matchersOf('service.version=2.0.0') // [{ label: 'service_version', operator: '=', value: '2.0.0' }]
 */
export function matchersOf(selector: string): Matcher[] {
  return parseSelector(selector).map(({ key, value, negated }) => ({
    label: key.replace(/[^a-zA-Z0-9_]/g, '_'),
    operator: negated ? '!=' : '=',
    value,
  }))
}

/** Formats a PromQL selector. */
export function promql(name: string, matchers: readonly Matcher[]): string {
  const parts = [`__name__=${JSON.stringify(name)}`]
  for (const { label, operator, value } of matchers) parts.push(`${label}${operator}${JSON.stringify(value)}`)
  return `{${parts.join(',')}}`
}

/** Whether a series matches; as in PromQL, a missing label is the empty string. */
export function matches(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ label, operator, value }) => {
    const own = labels[label] ?? ''
    if (operator === '=~') return new RegExp(`^(?:${value})$`).test(own)
    return (own === value) === (operator === '=')
  })
}

/** Spans at which requests enter the service. Metrics without a span kind count only such spans anyway. */
export const entrySpans: Matcher = {
  label: 'span_kind',
  operator: '=~',
  value: '(SPAN_KIND_)?(SERVER|CONSUMER)|[Ss]erver|[Cc]onsumer|',
}
