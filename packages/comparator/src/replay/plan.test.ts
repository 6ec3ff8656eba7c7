import { describe, expect, it } from 'vitest'
import { trafficOf } from '../../test/slices.ts'
import { defaultPolicy, parsePolicy } from '../policy/policy.ts'
import { baselineOf } from './baseline.ts'
import { parseEffect } from './effect.ts'
import { finished, type Plan, planOf } from './plan.ts'

const operations = { 'GET /': { stable: { n: 500, errors: 0.01 }, canary: { n: 0 } } }
const baseline = baselineOf(trafficOf({ ticks: 24, seed: 1, operations }), 120)
const effects = [parseEffect('latency=25%'), parseEffect('errors=x5')]
const asked = { share: 0.1, effects, power: 0.9, withinSeconds: null, seed: 1, runs: 20 }

function timesOf(plan: Plan, effect: string | null) {
  return plan.canaries.find((one) => one.effect === effect)!
}

describe('a plan', () => {
  const plan = finished(planOf(baseline, defaultPolicy, asked))

  it('reads the traffic off the baseline', () => {
    expect(plan.requestsPerSecond).toBeGreaterThan(95)
    expect(plan.requestsPerSecond).toBeLessThan(105)
    expect(baseline[0]!.errors).toBeCloseTo(0.01, 2)
  })

  it('tells when a regression is failed, and when none is passed', () => {
    const [latency, errors, none] = ['latency +25 %', 'errors x 5', null].map((effect) => timesOf(plan, effect))
    for (const { median, planned } of [latency!, errors!, none!]) {
      expect(median).toBeLessThanOrEqual(planned!)
      expect(planned).toBeLessThan(3600)
    }
    expect(errors!.median).toBeLessThan(none!.median!)
    expect(latency!.findings.map(({ metric, operation, margin }) => [metric, operation, margin])).toEqual([
      ['latency', 'GET /', '10%,2ms'],
    ])
    expect(none!.findings.map(({ metric }) => metric)).toEqual(['latency', 'errors', 'client-errors'])
  })

  it('is the same again', () => {
    expect(finished(planOf(baseline, defaultPolicy, asked))).toEqual(plan)
  })

  it('takes longer for a smaller canary', () => {
    const small = finished(planOf(baseline, defaultPolicy, { ...asked, share: 0.02, effects: effects.slice(1) }))
    expect(timesOf(small, 'errors x 5').planned!).toBeGreaterThan(timesOf(plan, 'errors x 5').planned!)
  })
})

it('knows no time for what is within the margin, within a day', () => {
  const within = [parseEffect('latency=5%')]
  const plan = finished(planOf(baseline, defaultPolicy, { ...asked, effects: within }))
  expect(timesOf(plan, 'latency +5 %')).toMatchObject({ median: null, planned: null, horizonSeconds: 86_400 })
})

it('tells of each operation, and of the small ones together', () => {
  const many = Object.fromEntries(
    Array.from({ length: 14 }, (_, at) => [`GET /${at}`, { stable: { n: at === 0 ? 300 : 20 }, canary: { n: 0 } }]),
  )
  const fourteen = baselineOf(trafficOf({ ticks: 12, seed: 1, operations: many }), 60)
  expect(fourteen.map(({ operation }) => operation)).toHaveLength(11)
  expect(fourteen.at(-1)).toMatchObject({ operation: '(other)' })
  const plan = finished(
    planOf(fourteen.slice(0, 2), defaultPolicy, { ...asked, effects: [parseEffect('latency=100%')], runs: 10 }),
  )
  const { findings } = timesOf(plan, 'latency +100 %')
  expect(findings.map(({ operation }) => operation)).toEqual([null, 'GET /0', fourteen[1]!.operation])
  expect(findings[0]!.median).toBeLessThan(findings[2]!.median ?? Number.POSITIVE_INFINITY)
})

it('finds the smallest share that answers in time', () => {
  const result = parsePolicy({ metrics: { latency: 'off', 'client-errors': 'off' } })
  if (result.kind !== 'policy') throw new Error('expected a policy')
  const ask = (withinSeconds: number) =>
    finished(
      planOf(baseline, result.policy, { ...asked, effects: [parseEffect('errors=x10')], withinSeconds, runs: 10 }),
    ).smallestShare!.share
  const share = ask(1200)!
  expect(share).toBeGreaterThan(0.01)
  expect(share).toBeLessThan(0.2)
  expect(ask(20)).toBe(null)
})

it('names the metrics that it cannot plan', () => {
  const result = parsePolicy({ metrics: { cost: { attribute: 'app.cost', margin: '5%' } } })
  if (result.kind !== 'policy') throw new Error('expected a policy')
  const plan = finished(planOf(baseline, result.policy, { ...asked, effects: [parseEffect('errors=x20')] }))
  expect(plan.notPlanned).toEqual(['cost'])
})

it.each([
  ['25%', { metric: 'latency', times: 1.25 }],
  ['latency=+10%', { metric: 'latency', times: 1.1 }],
  ['errors=x5', { metric: 'errors', times: 5 }],
  ['4xx=50%', { metric: 'client-errors', times: 1.5 }],
])('reads the regression %s', (text, effect) => {
  expect(parseEffect(text).metric).toBe(effect.metric)
  expect(parseEffect(text).times).toBeCloseTo(effect.times, 12)
})

it.each(['', 'cost=5%', 'errors=5', 'latency=-5%', 'errors=x1'])('refuses the regression %j', (text) => {
  expect(() => parseEffect(text)).toThrow(`such as latency=25%, errors=x5 or client-errors=x5, got "${text}"`)
})
