import { expect, it } from 'vitest'
import { conforms } from '../../test/schema.ts'
import { factsOf, fairnessOf, trafficOf } from '../../test/slices.ts'
import type { Facts, SampleFacts } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Verdict } from './verdict.ts'

function judged(instances: number, named: number): Verdict {
  const arm: SampleFacts = {
    requests: 100,
    children: 0,
    scope: 'http',
    sampling: [],
    targeted: 0,
    named,
    skewMs: null,
  }
  const facts = factsOf(12)
  const known: Facts = {
    ...facts,
    stable: { ...facts.stable, instances },
    canary: { ...facts.canary, instances },
    fairness: fairnessOf({ sample: { stable: arm, canary: arm } }),
  }
  return judge(
    trafficOf({ ticks: 12, seed: 1, operations: { 'GET /': { stable: { n: 50 }, canary: { n: 50 } } } }),
    defaultPolicy,
    known,
  )
}

const noteIn = ({ reasons }: Verdict): string | undefined =>
  reasons.find(({ code }) => code === 'assumes-independence')?.message

it('a verdict says what it assumes where spans name neither instances nor users', () => {
  const verdict = judged(0, 0)
  expect(conforms(verdict)).toBe(true)
  expect(verdict.assumes).toEqual(['instances-alike', 'users-alike'])
  expect(noteIn(verdict)).toBe(
    'Assumes that requests are slow, or fail, independently of each other: spans name neither instances (service.instance.id, k8s.pod.name, host.name) nor users (user.id, enduser.id, session.id, client.address). One process that stalls, or one user whose requests all fail, may look like the build. Set service.instance.id on the resource of each process.',
  )
})

it.each([
  ['users alone', 0, 90, ['instances-alike'], 'spans name no instances (service.instance.id'],
  ['instances alone', 3, 0, ['users-alike'], undefined],
  ['both', 3, 90, [], undefined],
])('spans that name %s leave less to assume', (_, instances, named, assumes, says) => {
  const verdict = judged(instances, named)
  expect(verdict.assumes).toEqual(assumes)
  if (says === undefined) expect(noteIn(verdict)).toBeUndefined()
  else expect(noteIn(verdict)).toContain(says)
})
