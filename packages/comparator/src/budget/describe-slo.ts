import { latency, percent, roughly } from '../numbers.ts'
import type { Slo } from './slo.ts'

/**
 * An objective in one line, for a reviewer.
 *
 * @example describeSlo(slo) // 'checkout: 99.9 % of GET /cart over 30 days; errors and requests slower than 300 ms are bad'
 */
export function describeSlo({
  name,
  journeys,
  objective,
  windowSeconds,
  latencySeconds,
  critical,
  expect,
}: Slo): string {
  const of =
    typeof journeys !== 'string' ? journeys.join(', ') : journeys === 'each' ? 'each operation' : 'all requests'
  const each = typeof journeys !== 'string' && journeys.length > 1 ? ', each' : ''
  const bad = latencySeconds === null ? 'errors are' : `errors and requests slower than ${latency(latencySeconds)} are`
  return [
    `${name}: ${percent(objective, 10)} of ${of}${each} over ${roughly(windowSeconds)}; ${bad} bad`,
    ...(critical ? ['critical'] : []),
    ...(expect === null ? [] : [`a release may cost ${percent(expect)} of the budget`]),
  ].join('; ')
}
