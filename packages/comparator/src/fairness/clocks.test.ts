import { expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../test/slices.ts'
import type { FairnessFacts, SampleFacts } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'

function judged(stableMs: number | null, canaryMs: number | null) {
  const arm = (skewMs: number | null): SampleFacts => ({
    requests: 0,
    children: 0,
    scope: 'http',
    sampling: [],
    targeted: 0,
    skewMs,
  })
  const fairness: FairnessFacts = {
    warmUp: { stable: 0, canary: 0 },
    instances: null,
    cells: [],
    builds: null,
    aheadMs: 0,
    calls: [],
    sample: { stable: arm(stableMs), canary: arm(canaryMs) },
  }
  const operations = { 'GET /': { stable: { n: 400 }, canary: { n: 400, slower: 2 } } }
  return judge(trafficOf({ ticks: 60, seed: 1, operations }), defaultPolicy, { ...factsOf(60), fairness })
}

it.each<[number, number, string]>([
  [2, 180_000, 'The clock of canary is 3 min ahead'],
  [2, -65_000, 'The clock of canary is 1 min 5 s behind'],
  [-120_000, 3, 'The clock of stable is 2 min behind'],
])('clocks that are off by minutes (%i and %i ms) are neither FAIL nor PASS', (stable, canary, says) => {
  const verdict = judged(stable, canary)
  expect(verdict).toMatchObject({ verdict: 'invalid', reasons: [{ code: 'clock-skew', weight: 'decides' }] })
  expect(verdict.reasons[0]!.message).toContain(says)
})

it.each<[number | null, number | null]>([
  [2, 4_000],
  [180_000, 180_100],
  [null, 180_000],
  [null, null],
])('a tick can be matched where clocks differ by less, alike, or nobody knows (%j and %j ms)', (stable, canary) => {
  expect(judged(stable, canary).verdict).toBe('fail')
})
