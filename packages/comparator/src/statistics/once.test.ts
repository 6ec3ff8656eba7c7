import { fisherExact, vanElteren } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { conforms } from '../../test/schema.ts'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import { defaultPolicy, type Policy } from '../policy/policy.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { once } from './once.ts'

const policy: Policy = { ...defaultPolicy, mode: 'fixed', split: 0.5 }

function judged(canary: Partial<Arm>, ticks = 24, seed = 1, among: Policy = policy): Verdict {
  const arm: Arm = { n: 200, errors: 0.02 }
  const slices = trafficOf({ ticks, seed, operations: { 'GET /': { stable: arm, canary: { ...arm, ...canary } } } })
  return judge(slices, among, factsOf(ticks))
}

describe('judged by one look', () => {
  it.each<[string, Partial<Arm>, Verdict['verdict']]>([
    ['an equal canary', {}, 'pass'],
    ['one that is faster and fails less', { slower: 0.7, errors: 0.005 }, 'pass'],
    ['one that is slower', { slower: 1.3 }, 'fail'],
    ['one with a bad tail', { tail: { share: 0.03, times: 10 } }, 'fail'],
    ['one with errors', { errors: 0.06 }, 'fail'],
    ['one that loses requests', { n: 150 }, 'fail'],
  ])('%s: the verdict is sound, with p-values', (_name, canary, outcome) => {
    const verdict = judged(canary, 60)
    expect(verdict.verdict).toBe(outcome)
    expect(conforms(verdict)).toBe(true)
    const evidence = verdict.findings.flatMap((one) => [one.evidence.worse, ...one.evidence.within])
    expect(new Set(evidence.map(({ kind }) => kind))).toEqual(new Set(['p-value']))
  })

  it('one look at the end proves more than the last of many', () => {
    const slightly = { slower: 1.2 }
    const outcomes = (mode: Policy['mode']) =>
      Array.from({ length: 20 }, (_, seed) => judged(slightly, 4, seed + 1, { ...policy, split: null, mode }).verdict)
    const failed = (mode: Policy['mode']) => outcomes(mode).filter((verdict) => verdict === 'fail').length
    expect(failed('fixed')).toBeGreaterThan(failed('sequential') + 5)
  })

  it('keeps its level at the margin, in small windows with few errors', () => {
    const runs = 200
    const zero = ['latency', 'errors', 'client-errors'].map((name) =>
      metricPolicyOf(name, { margin: name === 'latency' ? '0%' : '1' }),
    )
    const arm: Arm = { n: 40, errors: 0.005 }
    const failed = Array.from({ length: runs }, (_, seed) => {
      const slices = trafficOf({
        ticks: 6,
        seed: seed + 1,
        operations: { 'GET /': { stable: { ...arm, n: 160 }, canary: arm } },
      })
      return judge(slices, { ...policy, split: null, metrics: zero }, factsOf(6)).verdict === 'fail'
    }).filter(Boolean).length
    expect(failed / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
  })
})

describe('evidence at the end', () => {
  const blocks = [
    { tick: 0, stable: { n: 400, events: 1 }, canary: { n: 400, events: 5 } },
    { tick: 5, stable: { n: 400, events: 0 }, canary: { n: 400, events: 2 } },
  ]

  it('is the exact test where events are few', () => {
    const exact = fisherExact(blocks, { alternative: 'greater' })
    const { maxLogE, rises } = once.run(once.odds('greater', 1), blocks)
    expect(Math.exp(-maxLogE)).toBeCloseTo(exact.kind === 'tested' ? exact.p : Number.NaN, 12)
    expect(rises.map(({ tick }) => tick)).toEqual([5])
  })

  it('of any of several is corrected by their number; of all it is the weakest', () => {
    const p = (logE: number): number => Math.exp(-logE)
    const [one, two] = [once.odds('greater', 1), once.odds('greater', 3)].map((test) => once.run(test, blocks).logE)
    expect(p(once.run(once.any([once.odds('greater', 1), once.odds('greater', 3)]), blocks).logE)).toBeCloseTo(
      2 * p(one!),
    )
    expect(once.run(once.all([once.odds('greater', 1), once.odds('greater', 3)]), blocks).logE).toBeCloseTo(two!)
  })

  it('is none where there is nothing to test', () => {
    const empty = [{ tick: 0, stable: { n: 10, events: 0 }, canary: { n: 10, events: 0 } }]
    expect(once.run(once.odds('greater', 1), empty)).toEqual({ logE: 0, maxLogE: 0, rises: [], halfway: null })
    expect(vanElteren([], { alternative: 'greater' }).kind).toBe('untestable')
  })
})
