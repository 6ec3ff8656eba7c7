import { expect, it } from 'vitest'
import { factsOf, fairnessOf } from '../../test/slices.ts'
import type { FairnessFacts, SampleFacts } from '../facts.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'
import { answerReasons } from './answers.ts'

const arm = (requests: number, more: Partial<SampleFacts>): SampleFacts => ({
  requests,
  children: 0,
  scope: 'http',
  sampling: [],
  targeted: 0,
  skewMs: null,
  ...more,
})

function reasonsOf(stable: Partial<SampleFacts>, canary: Partial<SampleFacts>, policy = defaultPolicy): Reason[] {
  const fairness: FairnessFacts = fairnessOf({ sample: { stable: arm(900, stable), canary: arm(100, canary) } })
  return answerReasons({ ...factsOf(60), fairness }, policy)
}

it('a canary that redirects what stable answers does not pass', () => {
  const [reason, ...more] = reasonsOf({ redirects: 18 }, { redirects: 40 })
  expect(more).toEqual([])
  expect(reason).toMatchObject({ code: 'answers-differ', weight: 'blocks' })
  expect(reason!.message).toContain('answers 40 % of its requests with redirects (HTTP 3xx), and stable 2 %')
})

it.each<[string, Partial<SampleFacts>, Partial<SampleFacts>]>([
  ['that redirects as much as stable', { redirects: 360 }, { redirects: 46 }],
  ['that redirects less', { redirects: 360 }, { redirects: 0 }],
  ['that redirects more by chance', { redirects: 45 }, { redirects: 11 }],
  ['of which nothing was looked at', {}, {}],
  ['whose spans are in whole milliseconds, as stable\u2019s are', { timeless: 600 }, { timeless: 65 }],
])('nothing is said of a canary %s', (_, stable, canary) => {
  expect(reasonsOf(stable, canary)).toEqual([])
})

it('redirects that are judged as a metric are meant', () => {
  const moved = metricPolicyOf('moved', { share: 'http.response.status_code=302', margin: '90pp' })
  const policy = { ...defaultPolicy, metrics: [...defaultPolicy.metrics, moved] }
  expect(reasonsOf({ redirects: 0 }, { redirects: 40 }, policy)).toEqual([])
})

it('spans of one arm that end when they start make latency incomparable, whichever arm it is', () => {
  for (const [stable, canary] of [
    [{ timeless: 0 }, { timeless: 30 }],
    [{ timeless: 300 }, { timeless: 0 }],
  ] as const)
    expect(reasonsOf(stable, canary)).toMatchObject([{ code: 'durations-missing', weight: 'blocks' }])
})
