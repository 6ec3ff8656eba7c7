import type { Finding } from '../finding.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries } from '../series.ts'
import { mostSpecific } from '../verdict/reasons.ts'

/**
 * Splits off metrics that are only watched: inner errors that do not decide, if there are any. They are judged separately, at their
 * own error level, so that they change nothing for policies that do not mention them.
 */
export function watchedOf(
  judged: readonly MetricPolicy[],
  series: readonly OperationSeries[],
): { readonly watched: readonly MetricPolicy[]; readonly others: readonly MetricPolicy[] } {
  const isWatched = ({ gate, measure }: MetricPolicy): boolean => gate === 'advisory' && measure.kind === 'inner-errors'
  const hasEvents = ({ name }: MetricPolicy): boolean =>
    series.some((one) => one.failures.get(name)?.some(({ stable, canary }) => stable.events + canary.events > 0))
  return {
    watched: judged.filter((metric) => isWatched(metric) && hasEvents(metric)),
    others: judged.filter((metric) => !isWatched(metric)),
  }
}

/** Reasons where the canary hides more errors than stable. */
export function innerErrorReasons(findings: readonly Finding[]): Reason[] {
  return mostSpecific(findings.filter(({ decision }) => decision === 'fail')).map(({ message }) => ({
    code: 'inner-errors',
    weight: 'note',
    message: `${message} Something failed below these requests, and their answers do not show it. To let it FAIL, write "inner-errors: true" under metrics in coalmine.yaml.`,
  }))
}
