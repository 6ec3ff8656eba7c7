import { expect, it } from 'vitest'
import { factsOf, fairnessOf, firstTick, trafficOf } from '../../test/slices.ts'
import type { ClockTick, FairnessFacts, SampleFacts } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'

function judged(stableMs: number | null, canaryMs: number | null, clocks?: readonly ClockTick[]) {
  const arm = (skewMs: number | null): SampleFacts => ({
    requests: 0,
    children: 0,
    scope: 'http',
    sampling: [],
    targeted: 0,
    skewMs,
  })
  const fairness: FairnessFacts = fairnessOf({
    sample: { stable: arm(stableMs), canary: arm(canaryMs), ...(clocks && { clocks }) },
  })
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

const clock = (minute: number, stableMs: number | null, canaryMs: number | null): ClockTick => ({
  tick: firstTick + minute * 60_000,
  stableMs,
  canaryMs,
})

it('a clock that was set right in the window makes what came before mean nothing, and the verdict says from when on to judge', () => {
  const verdict = judged(2, 3, [
    clock(0, 2, 240_003),
    clock(1, 2, 240_002),
    clock(2, 3, null),
    clock(3, 2, 3),
    clock(4, 2, 3),
  ])
  expect(verdict.verdict).toBe('invalid')
  expect(verdict.reasons[0]!.message).toBe(
    "The clock of canary was 4 min ahead at 10:01:00, according to its callers' spans, and has been right since 10:03:00 at the latest. Stable and canary are compared within the same five seconds, which a wrong clock makes meaningless. Judge only what came after: --start 2026-01-01T10:03:00Z.",
  )
})

it('a clock that went wrong in the window is told as one that is', () => {
  const verdict = judged(2, -60_000, [clock(0, 2, 3), clock(3, 2, 1), clock(4, 2, -60_000)])
  expect(verdict.reasons[0]!.message).toMatch(/^The clock of canary is 1 min behind, .* Set the clock right\.$/)
})

it('clocks that are right all over the window are no reason', () => {
  expect(judged(2, 3, [clock(0, 2, 3), clock(2, null, 4), clock(4, 2, 3)]).verdict).toBe('fail')
})
