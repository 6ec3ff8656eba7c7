// A comparison that goes on tick by tick says what one says that is judged from the beginning.
import { histogramOf } from '@coalmine/stats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick, randomOf, type Traffic, trafficOf } from '../../test/slices.ts'
import type { Facts, FairnessFacts } from '../facts.ts'
import { judge, judgeToGoOn as judgeInStepsToGoOn } from '../judge.ts'
import { defaultPolicy, type Policy, parsePolicy } from '../policy/policy.ts'
import type { Side, Slice } from '../slice.ts'
import { atOnce } from '../steps.ts'
import { progressOf } from '../verdict/progress.ts'
import type { TickLook } from './tick-look.ts'

const judgeToGoOn = (...asked: Parameters<typeof judgeInStepsToGoOn>) => atOnce(judgeInStepsToGoOn(...asked))

const ticks = 40
const between = (slices: readonly Slice[], from: number, to: number): Slice[] =>
  slices.filter(({ tick }) => tick >= firstTick + from * 5000 && tick < firstTick + to * 5000)

/** What a look is to say: what the verdict over all ticks says. */
function lookOf(slices: readonly Slice[], policy: Policy, facts: Facts): TickLook {
  const verdict = judge(slices, policy, facts)
  const { harmPercent, safetyPercent } = progressOf(verdict)
  const [first] = verdict.reasons
  const isSettled = first?.code !== 'not-enough-evidence' && verdict.verdict === 'inconclusive'
  const isHeldBack = first?.message.includes('it measures worse than the margin, but') ?? false
  return {
    outcome: isSettled ? 'pass' : (verdict.verdict as TickLook['outcome']),
    reason: verdict.verdict === 'fail' || isSettled || isHeldBack ? null : first!.message,
    harmPercent,
    safetyPercent,
  }
}

/** Goes on after some ticks, a few at a time, holds each look against one at all ticks, and gives how often it had to begin anew. */
function begunAnew(
  slices: readonly Slice[],
  { policy = defaultPolicy, facts = factsOf(ticks), from = 10, step = 1 } = {},
): number {
  let anew = 0
  let { next } = judgeToGoOn(between(slices, 0, from), policy, facts)
  for (let at = from; at < ticks; at += step) {
    const to = Math.min(ticks, at + step)
    const look = next?.add(between(slices, at, to), []) ?? null
    if (look === null) {
      anew += 1
      next = judgeToGoOn(between(slices, 0, to), policy, facts).next
    } else {
      const expected = lookOf(between(slices, 0, to), policy, facts)
      // That something is unfair, or a FAIL is held back, changes the reason, not the evidence.
      const isReasonOfAll = expected.reason === null || (look.reason === null && next!.first.reason === null)
      expect(look).toEqual(isReasonOfAll ? { ...expected, reason: look.reason } : expected)
    }
  }
  return anew
}

const arms = (n: number, canary: object = {}) => ({
  stable: { n, errors: 0.01, clientErrors: 0.03 },
  canary: { n: n * 0.4, errors: 0.01, ...canary },
})

const shop: Traffic['operations'] = {
  'GET /cart': arms(90),
  'GET /items': arms(40, { slower: 1.1 }),
  'POST /orders': arms(9, { errors: 0.1 }),
  'GET /seldom': arms(2),
  GET: { stable: { n: 14, clientErrors: 0.9 }, canary: { n: 6, clientErrors: 0.9 } },
}

it('says what a verdict over all ticks says, whenever it goes on and however many ticks come at once', () => {
  const property = fc.property(fc.nat(1000), fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 5 }), proved)
  function proved(seed: number, from: number, step: number): void {
    const slices = trafficOf({ ticks, seed, operations: shop })
    expect(begunAnew(slices, { from, step })).toBeLessThanOrEqual(2)
  }
  fc.assert(property, { seed: 15, numRuns: 8, endOnFailure: true })
})

it('does so for metrics of all kinds', () => {
  const { policy } = parsePolicy({
    split: '30%',
    metrics: {
      cost: { attribute: 'app.cost' },
      score: { attribute: 'app.score', worse: 'lower', expect: 'same' },
      queries: { calls: 'db.system.name=postgresql' },
      cached: { share: 'app.cached=true', worse: 'lower' },
      throughput: true,
    },
  }) as { policy: Policy }
  const random = randomOf(3)
  const sideOf = (metric: string, n: number): Side => {
    if (metric === 'cached')
      return { kind: 'rate', n, events: Array.from({ length: n }, random).filter((u) => u < 0.6).length }
    const zeros = { cost: 0.3, score: 0, queries: 0.995 }[metric]!
    const values = Array.from({ length: n }, () => (random() < zeros ? 0 : Math.exp(random())))
    return { kind: 'distribution', n, histogram: histogramOf(values) }
  }
  const slices = trafficOf({ ticks, seed: 4, operations: shop }).flatMap((slice) => [
    slice,
    ...(slice.metric === 'requests' ? ['cost', 'score', 'queries', 'cached'] : []).map((metric) => ({
      ...slice,
      metric,
      stable: sideOf(metric, slice.stable.n),
      canary: sideOf(metric, slice.canary.n),
    })),
  ])
  expect(begunAnew(slices, { policy })).toBe(0)
})

it('does so where one arm alone serves many requests, and errors are those of the whole service', () => {
  const partly = {
    ...shop,
    'GET /new': { stable: { n: 0 }, canary: { n: 30, errors: 0.02 } },
    'GET /old': { stable: { n: 7, errors: 0.2 }, canary: { n: 0 } },
  }
  const property = fc.property(fc.nat(1000), fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 5 }), proved)
  function proved(seed: number, from: number, step: number): void {
    const slices = trafficOf({ ticks, seed, operations: partly })
    expect(begunAnew(slices, { from, step })).toBeLessThanOrEqual(2)
  }
  fc.assert(property, { seed: 15, numRuns: 8, endOnFailure: true })
})

it('does so for a service so quiet that its errors wait for several ticks', () => {
  const quiet = {
    'GET /cart': { stable: { n: 2, errors: 0.1 }, canary: { n: 1, errors: 0.3 } },
    'GET /new': { stable: { n: 0 }, canary: { n: 2, errors: 0.3 } },
  }
  for (const seed of [1, 2, 3]) expect(begunAnew(trafficOf({ ticks, seed, operations: quiet }), {})).toBeLessThan(3)
})

it('does so where two operations take turns at being the busiest, of which one may have starved', () => {
  const both = (slower: number) => ({
    '/a': { stable: { n: 80, slower }, canary: { n: 30, slower } },
    '/b': { stable: { n: 80 }, canary: { n: 30 } },
  })
  const slices = trafficOf({ ticks, seed: 1, operations: both(1) })
  const busiest = new Set(Array.from({ length: ticks - 11 }, (_, at) => busiestOf(between(slices, 0, at + 11))))
  expect(busiest.size).toBe(2)
  expect(begunAnew(slices)).toBe(0)
  const starving = trafficOf({ ticks, seed: 2, operations: both(4) })
  for (const to of [17, 18, 19])
    begunAnew([...between(slices, 0, 12), ...between(starving, 12, to), ...between(slices, to, ticks)])
})

function busiestOf(slices: readonly Slice[]): string {
  const requests = new Map<string, number>()
  for (const { metric, operation, stable, canary } of slices)
    if (metric === 'requests') requests.set(operation, (requests.get(operation) ?? 0) + stable.n + canary.n)
  return [...requests].sort(([, a], [, b]) => b - a)[0]![0]
}

describe('begins anew where new ticks change what was known of earlier ones', () => {
  const instances: FairnessFacts['instances'] = (['stable', 'canary'] as const).map((cohort) => ({
    cohort,
    instance: `${cohort}-a`,
    firstMs: firstTick,
    lastMs: firstTick + 10 * 5000,
    born: cohort === 'canary',
  }))
  const fairness: FairnessFacts = {
    warmUp: { stable: 0, canary: 0 },
    instances,
    cells: [],
    builds: null,
    aheadMs: 0,
    calls: [],
    sample: null,
  }
  const slices = trafficOf({ ticks, seed: 5, operations: shop })
  const goingOn = () => judgeToGoOn(between(slices, 0, 10), defaultPolicy, factsOf(10, { fairness })).next!
  const tick = firstTick + 10 * 5000

  it('not for an instance that is known', () => {
    expect(goingOn().add(between(slices, 10, 11), [{ instance: 'canary-a', tick }])).not.toBeNull()
  })

  it('for an instance that served for the first time', () => {
    expect(goingOn().add(between(slices, 10, 11), [{ instance: 'canary-b', tick }])).toBeNull()
  })

  it('for an operation that has become large enough to be judged by itself', () => {
    const more = trafficOf({ ticks: 30, seed: 6, operations: { 'GET /seldom': arms(60) } }).filter(
      (slice) => slice.tick >= tick,
    )
    const others = between(slices, 10, 30).filter(({ operation }) => operation !== 'GET /seldom')
    expect(goingOn().add([...others, ...more], [])).toBeNull()
  })

  it('for operations that the canary alone serves, where they are many', () => {
    const alone = trafficOf({
      ticks: 11,
      seed: 6,
      operations: { 'GET /new': { stable: { n: 0 }, canary: { n: 900 } } },
    })
    expect(goingOn().add([...between(slices, 10, 11), ...between(alone, 10, 11)], [])).toBeNull()
  })

  it('for a tick in which both arms began to starve', () => {
    const slow = trafficOf({ ticks, seed: 7, operations: { 'GET /cart': arms(90) } })
    const starving = trafficOf({
      ticks,
      seed: 8,
      operations: { 'GET /cart': { stable: { n: 90, slower: 4 }, canary: { n: 36, slower: 4 } } },
    })
    const all = [...between(slow, 0, 20), ...between(starving, 20, ticks)]
    expect(begunAnew(all, { facts: factsOf(ticks) })).toBe(1)
  })
})

it('does not go on where nothing can be judged', () => {
  expect(judgeToGoOn([], defaultPolicy, factsOf(0)).next).toBeNull()
})
