// What a FAIL is judged again with: what each instance did in each tick, and the users with the most bad requests.
import { histogramOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick, randomOf } from '../../test/slices.ts'
import type { FairnessFacts, InstanceTick, UserTick } from '../facts.ts'
import { type Doubts, judge, judgeInSteps, judgeToGoOn } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { atOnce } from '../steps.ts'
import type { Verdict } from '../verdict/verdict.ts'

const unknown: FairnessFacts = {
  warmUp: { stable: 0, canary: 0 },
  instances: null,
  cells: [],
  builds: { stableFirstMs: firstTick - 86_400_000, canaryFirstMs: firstTick, unmarkedRequests: 0 },
  aheadMs: 0,
  calls: [],
  sample: null,
}
const operation = 'GET /'
const perTick = 40

/** Three instances an arm; how slow each is in a tick, and how many of its requests fail. */
function fleet(ticks: number, seed: number, how: (canary: boolean, which: number, tick: number) => { slower: number }) {
  const random = randomOf(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const cells: InstanceTick[] = []
  const slices: Slice[] = []
  for (let at = 0; at < ticks; at += 1) {
    const tick = firstTick + at * 5000
    const values = { stable: [] as number[], canary: [] as number[] }
    for (const cohort of ['stable', 'canary'] as const)
      for (let which = 0; which < 3; which += 1) {
        const { slower } = how(cohort === 'canary', which, at)
        const own = Array.from({ length: perTick }, () => 0.05 * slower * Math.exp(0.5 * normal()))
        values[cohort].push(...own)
        const counts = { traces: perTick, errors: 0, clientErrors: 0, innerErrors: 0, latency: histogramOf(own, 3) }
        cells.push({ cohort, instance: `${cohort}-${which}`, operation, tick, ...counts })
      }
    const n = 3 * perTick
    const side = (arm: 'stable' | 'canary'): Slice['stable'] => ({
      kind: 'distribution',
      n,
      histogram: histogramOf(values[arm]),
    })
    const none = { kind: 'rate', n, events: 0 } as const
    const common = { tick, operation }
    slices.push(
      { ...common, metric: 'requests', stable: { kind: 'count', n }, canary: { kind: 'count', n } },
      { ...common, metric: 'errors', stable: none, canary: none },
      { ...common, metric: 'client-errors', stable: none, canary: none },
      { ...common, metric: 'latency', stable: side('stable'), canary: side('canary') },
    )
  }
  return { slices, cells }
}

/** Judged with doubts from the beginning, which is the same as judged again with them. */
function judged(slices: Slice[], ticks: number, doubts: Doubts): Verdict {
  const facts = { ...factsOf(ticks), fairness: unknown }
  const verdict = judge(slices, defaultPolicy, { ...facts, fairness: { ...unknown, ...doubts } })
  for (const judging of [judgeInSteps, judgeToGoOn]) {
    const { again } = atOnce(judging(slices, defaultPolicy, facts))
    expect(JSON.stringify(atOnce(again(doubts)))).toBe(JSON.stringify(verdict))
  }
  return verdict
}

describe('what each instance did', () => {
  it('keeps a canary from FAIL of which one process of three starves for three quarters of a minute', () => {
    const { slices, cells } = fleet(60, 1, (canary, which, tick) => ({
      slower: canary && which === 1 && tick < 9 ? 6 : 1,
    }))
    expect(judged(slices, 60, {}).verdict).toBe('fail')
    expect(judged(slices, 60, { instanceTicks: cells }).verdict).not.toBe('fail')
  })

  it('lets a build FAIL that is slower on all of them, hardly later', () => {
    const { slices, cells } = fleet(40, 2, (canary) => ({ slower: canary ? 1.4 : 1 }))
    const known = judged(slices, 40, { instanceTicks: cells })
    expect(known.verdict).toBe('fail')
    expect(known.decidedAfterSeconds! - judged(slices, 40, {}).decidedAfterSeconds!).toBeLessThanOrEqual(15)
  })
})

describe('the users with the most bad requests', () => {
  const ticks = 60
  const random = randomOf(3)
  const users: UserTick[] = []
  const nothing = histogramOf([])
  const slices = Array.from({ length: ticks }, (_, at): Slice[] => {
    const tick = firstTick + at * 5000
    const ofUser = 5 + Math.floor(5 * random())
    users.push({ tick, operation, traces: ofUser, errors: ofUser, clientErrors: 0, latency: nothing })
    const rate = (n: number, events: number): Slice['stable'] => ({ kind: 'rate', n, events })
    const common = { tick, operation }
    return [
      { ...common, metric: 'requests', stable: { kind: 'count', n: 200 }, canary: { kind: 'count', n: 100 } },
      { ...common, metric: 'errors', stable: rate(200, 0), canary: rate(100, ofUser) },
    ]
  }).flat()
  const named = { metric: 'errors', operation, users: 1, ticks: users }

  it('do not carry a FAIL, and the verdict says so', () => {
    const errors = (doubts: Doubts) => judged(slices, ticks, doubts).findings.find(({ metric }) => metric === 'errors')!
    expect(errors({}).decision).toBe('fail')
    expect(errors({ heaviestUsers: [named] }).decision).not.toBe('fail')
    const { reasons } = judged(slices, ticks, { heaviestUsers: [named] })
    expect(reasons[0]!.message).toBe(
      'Not settled: the error rate on GET /: it measures worse than the margin, but a few users account for most of it, and without them it does not FAIL.',
    )
    expect(reasons.find(({ code }) => code === 'few-users')!.message).toBe(
      'GET /: one user accounts for most of the harm in the error rate of the canary; without them it does not FAIL. See what they ask for.',
    )
  })

  it('leave a finding as it is that stands without them', () => {
    const some = users.map((one) => ({ ...one, traces: 1, errors: 1 }))
    const { verdict, reasons } = judged(slices, ticks, { heaviestUsers: [{ ...named, ticks: some }] })
    expect(verdict).toBe('fail')
    expect(reasons.some(({ code }) => code === 'few-users')).toBe(false)
  })
})
