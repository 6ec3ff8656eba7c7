import { expect, it } from 'vitest'
import { parseConfig } from '../policy/config.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import { describeErrors, describePolicy } from './describe-policy.ts'

function policyOf(yaml: string): Policy {
  const parsed = parsePolicy(parseConfig(yaml, 'coalmine.yaml').policy)
  if (parsed.kind === 'problems') throw new RangeError(parsed.problems.map(({ message }) => message).join('\n'))
  return parsed.policy
}

it('a policy in which nothing decides says so first', () => {
  const [first] = describeErrors(policyOf('metrics: { latency: off, errors: advisory, 4xx: off }\n'))
  expect(first).toBe('No metric decides: no verdict will be PASS or FAIL until one has gate: true.')
  expect(describeErrors(policyOf('metrics: { latency: off, errors: off, 4xx: off }\nsplit: 10%\n'))[0]).toContain(
    'FAILs',
  )
})

it('a metric that is advisory and critical is told as both', () => {
  const [latency] = describePolicy(policyOf('metrics: { latency: { gate: advisory, critical: true } }\n'))
  expect(latency).toMatchObject({ gate: 'advisory, critical' })
})
