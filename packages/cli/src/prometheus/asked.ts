import { type Policy, parsePolicy } from '@coalmine/comparator'
import type { ComparisonBody } from '@coalmine/server'
import { CommandError } from '../exit-codes.ts'
import type { Matcher } from './cohort.ts'

/** The policy, of which every metric can be told from span metrics. */
export function policyOf({ policy: input }: ComparisonBody, slow: ReadonlySet<string>): Policy {
  const parsed = parsePolicy(input)
  // `comparisonRequest` has checked it.
  if (parsed.kind === 'problems') throw new TypeError(JSON.stringify(parsed.problems))
  const { policy } = parsed
  const foreign = policy.metrics.find(
    ({ name, gate, measure }) =>
      gate !== 'off' && ['attribute', 'calls', 'share'].includes(measure.kind) && !slow.has(name),
  )
  if (foreign) {
    throw new CommandError(
      'usage',
      `metrics.${foreign.name}: span metrics have no attributes and no calls; turn it off for --prometheus, or judge spans`,
    )
  }
  return policy
}

/** Whose requests are asked for, as labels. */
export function trafficOf({ traffic, audience, scope }: ComparisonBody): Matcher[] {
  // Flags of these are refused before; here they come from coalmine.yaml.
  if (audience?.length)
    throw new CommandError('usage', 'audience: span metrics do not know it; leave it out for --prometheus')
  if (scope !== undefined && scope !== 'requests')
    throw new CommandError('usage', `scope: ${scope} is not known from span metrics; leave it out for --prometheus`)
  switch (traffic) {
    case 'all':
      return []
    case 'test':
      return [{ label: 'coalmine_test', operator: '=', value: 'true' }]
    default:
      return [{ label: 'coalmine_test', operator: '!=', value: 'true' }]
  }
}
