// Requests of a tick are not independent: what one process does in two seconds is hundreds of them.
import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, firstTick, randomOf, trafficOf } from '../../test/slices.ts'
import type { FairnessFacts } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy, parsePolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import type { Verdict } from '../verdict/verdict.ts'

const calm: Arm = { n: 300, errors: 0.002 }
const fast: Arm = { n: 100, errors: 0.002 }

/** Ticks of calm traffic, in some of which an arm has a bad one. */
function ticksOf(count: number, seed: number, bad: (tick: number) => { stable?: Partial<Arm>; canary?: Partial<Arm> }) {
  return Array.from({ length: count }, (_, tick) => {
    const { stable = {}, canary = {} } = bad(tick)
    const operations = { 'GET /': { stable: { ...calm, ...stable }, canary: { ...fast, ...canary } } }
    return trafficOf({ ticks: 1, seed: seed * 1000 + tick, operations }).map(
      (slice): Slice => ({ ...slice, tick: firstTick + tick * 5000 }),
    )
  }).flat()
}

const verdictOf = (slices: Slice[], ticks: number, fairness?: Partial<FairnessFacts>): Verdict =>
  judge(slices, defaultPolicy, {
    ...factsOf(ticks),
    ...(fairness ? { fairness: { ...unknown, ...fairness } } : {}),
  })

const unknown: FairnessFacts = {
  warmUp: { stable: 0, canary: 0 },
  instances: null,
  cells: [],
  builds: { stableFirstMs: firstTick - 86_400_000, canaryFirstMs: firstTick, unmarkedRequests: 0 },
  aheadMs: 0,
  calls: [],
  sample: null,
}

describe('a healthy canary', () => {
  it('does not FAIL for single ticks in which a process stalls or all of its requests fail', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const random = randomOf(seed)
      const stall = { tail: { share: 0.4, times: 40 } }
      const burst = { errors: 0.6 }
      const slices = ticksOf(120, seed, () => ({
        ...(random() < 0.04 ? { canary: random() < 0.5 ? stall : burst } : {}),
        ...(random() < 0.04 ? { stable: random() < 0.5 ? stall : burst } : {}),
      }))
      expect(verdictOf(slices, 120).verdict, `seed ${seed}`).not.toBe('fail')
    }
  })

  it('does not FAIL for one huge tick, whatever the traffic', () => {
    const slices = ticksOf(40, 3, (tick) => (tick === 20 ? { canary: { n: 4000, errors: 0.9, slower: 10 } } : {}))
    const { verdict, findings } = verdictOf(slices, 40)
    expect(verdict).not.toBe('fail')
    for (const { evidence } of findings)
      if (evidence.worse.kind === 'e-value') expect(evidence.worse.logE).toBeLessThanOrEqual(2 * Math.log(3))
  })
})

it('harm in every tick is found after five of them', () => {
  const slices = ticksOf(24, 5, () => ({ canary: { errors: 0.5, slower: 2 } }))
  const { verdict, decidedAfterSeconds } = verdictOf(slices, 24)
  expect(verdict).toBe('fail')
  expect(decidedAfterSeconds).toBeLessThanOrEqual(30)
})

it('errors that stable has in bursts and the canary all the time do not FAIL against the rates that are shown', () => {
  const slices = ticksOf(240, 7, (tick) => ({
    stable: tick % 10 === 0 ? { errors: 0.5 } : { errors: 0 },
    canary: { errors: 0.02 },
  }))
  const { findings } = verdictOf(slices, 240)
  const errors = findings.find(({ metric }) => metric === 'errors')!
  expect(errors.canary.value!).toBeLessThan(errors.stable.value!)
  expect(errors.decision).not.toBe('fail')
})

describe('hosts', () => {
  it('are taken to differ from the first look on: 12 % on one instance each may be the host', () => {
    const slices = ticksOf(240, 9, () => ({ canary: { slower: 1.13 }, stable: { slower: 1 } }))
    const one = { stable: { instances: 1 }, canary: { instances: 1 } }
    const facts = factsOf(240)
    const alone = {
      ...facts,
      stable: { ...facts.stable, ...one.stable },
      canary: { ...facts.canary, ...one.canary },
      fairness: unknown,
    }
    const latency = parsePolicy({ metrics: { latency: { margin: '5%' } } })
    if (latency.kind !== 'policy') throw new Error('expected a policy')
    const verdict = judge(slices, latency.policy, alone)
    expect(verdict.verdict).not.toBe('fail')
    expect(verdict.hosts!.allowed.latency).toBeCloseTo(1.149, 2)
    expect(verdict.reasons.find(({ code }) => code === 'host-not-separable')!.message).toContain(
      'Stable has too few instances to show how much hosts differ',
    )
    expect(judge(slices, latency.policy, facts).verdict).toBe('fail')
  })

  it('are not told from a build where the canary is one instance: the verdict proves the instance', () => {
    const slices = ticksOf(24, 11, () => ({ canary: { slower: 2 } }))
    const facts = factsOf(24)
    const proved = (instances: number) =>
      judge(slices, defaultPolicy, { ...facts, canary: { ...facts.canary, instances }, fairness: unknown }).proves
    expect(proved(1)).toBe('instance')
    expect(proved(3)).toBe('build')
    expect(proved(0)).toBeNull()
    expect(
      verdictOf(
        ticksOf(24, 11, () => ({})),
        24,
      ).proves,
    ).toBeNull()
  })
})

describe('a young canary', () => {
  const instances = (bornMs: number) =>
    (['stable', 'canary'] as const).map((cohort) => ({
      instance: cohort,
      cohort,
      firstMs: cohort === 'canary' ? bornMs : bornMs - 3_600_000,
      lastMs: firstTick + 3_600_000,
      born: cohort === 'canary',
    }))
  const cold = ticksOf(60, 13, (tick) => ({ canary: { slower: tick < 24 ? 1.6 : 1 } }))

  it('cannot FAIL on latency while stable is older, and the verdict says so', () => {
    const verdict = verdictOf(cold, 60, { instances: instances(firstTick - 60_000) })
    expect(verdict.verdict).not.toBe('fail')
    expect(verdict.reasons.find(({ code }) => code === 'young-instances')!.message).toMatch(
      /^For 2 min of the window the canary's instances were less than 3 min old and stable's were older: /,
    )
    expect(verdictOf(cold, 60, { instances: instances(firstTick - 600_000) }).verdict).toBe('fail')
  })

  it('can FAIL on errors', () => {
    const failing = ticksOf(24, 15, () => ({ canary: { errors: 0.3 } }))
    expect(verdictOf(failing, 24, { instances: instances(firstTick) }).verdict).toBe('fail')
  })
})

it('an interval holds the change that its two values show', () => {
  // Two heaps: hits and misses. The tail of the canary reaches into the misses, so that a factor for all of stable is far larger.
  const slices = ticksOf(60, 17, () => ({
    stable: { tail: { share: 0.04, times: 30 } },
    canary: { tail: { share: 0.12, times: 30 } },
  }))
  for (const { effect, interval } of verdictOf(slices, 60).findings) {
    if (interval.changed || effect.value === null) continue
    expect(interval.lower ?? effect.value).toBeLessThanOrEqual(effect.value)
    expect(interval.upper ?? effect.value).toBeGreaterThanOrEqual(effect.value)
  }
})
