import { expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../test/slices.ts'
import type { FairnessFacts, SampleFacts, SamplingShare } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Verdict } from '../verdict/verdict.ts'

function verdictOf(...sampling: readonly SamplingShare[]): Verdict {
  const requests = sampling.reduce((sum, one) => sum + one.requests, 0)
  const arm: SampleFacts = { requests, children: 0, scope: 'http', sampling, targeted: 0, skewMs: null }
  const fairness = {
    warmUp: { stable: 0, canary: 0 },
    instances: null,
    cells: null,
    builds: null,
    aheadMs: 0,
    sample: { stable: arm, canary: arm },
  } as unknown as FairnessFacts
  const operations = { 'GET /': { stable: { n: 100 }, canary: { n: 100 } } }
  return judge(trafficOf({ ticks: 6, seed: 1, operations }), defaultPolicy, { ...factsOf(6), fairness })
}

it('tells how many requests the kept ones stand for', () => {
  const verdict = verdictOf({ probability: 0.1, requests: 500, errors: 0 })
  expect(verdict.cohorts.stable).toMatchObject({ requests: 1000, adjustedRequests: 10_000 })
  expect(verdict.reasons).toContainEqual({
    code: 'sampled',
    weight: 'note',
    message: expect.stringMatching(
      /^Requests were sampled: 10 % were kept\. Stable served about 10.000, canary about 10.000\./,
    ),
  })
})

it('counts one for what says nothing of sampling, and is silent where all was kept', () => {
  const half = verdictOf({ probability: 0.5, requests: 50, errors: 0 }, { probability: null, requests: 50, errors: 0 })
  expect(half.cohorts.canary.adjustedRequests).toBe(1_500)
  const all = verdictOf({ probability: 1, requests: 100, errors: 0 })
  expect(all.cohorts.canary.adjustedRequests).toBeUndefined()
  expect(all.reasons.map(({ code }) => code)).not.toContain('sampled')
})
