import { parseSelector } from '@coalmine/store'
import type { Labels } from './labels.ts'

/** A label of a series that a cohort, or the comparison, asks for. */
export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~'
  readonly value: string
}

/**
 * The labels that a selector of spans asks for: an attribute as Prometheus spells it.
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

/** A selector of PromQL. */
export function promql(name: string, matchers: readonly Matcher[]): string {
  const parts = [`__name__=${JSON.stringify(name)}`]
  for (const { label, operator, value } of matchers) parts.push(`${label}${operator}${JSON.stringify(value)}`)
  return `{${parts.join(',')}}`
}

/** Whether a series has what is asked for; what it lacks is the empty text, as in PromQL. */
export function matches(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ label, operator, value }) => {
    const own = labels[label] ?? ''
    if (operator === '=~') return new RegExp(`^(?:${value})$`).test(own)
    return (own === value) === (operator === '=')
  })
}

/** Spans at which requests enter the service; other span metrics have no kind, since they count nothing else. */
export const entrySpans: Matcher = {
  label: 'span_kind',
  operator: '=~',
  value: '(SPAN_KIND_)?(SERVER|CONSUMER)|[Ss]erver|[Cc]onsumer|',
}
