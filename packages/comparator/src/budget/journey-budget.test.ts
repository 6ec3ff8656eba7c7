import { describe, expect, it } from 'vitest'
import type { BadCounts, BuildCounts } from './counts.ts'
import { journeyBudget } from './journey-budget.ts'
import type { Slo } from './slo.ts'

const day = 86_400
const untilMs = Date.parse('2026-11-30T12:00:00Z')
const slo: Slo = {
  name: 'cart',
  service: 'storefront',
  journeys: ['GET /cart'],
  objective: 0.999,
  windowSeconds: 30 * day,
  latencySeconds: 0.3,
  critical: false,
  expect: null,
}

/** A build with so many requests a second since some time, of which a share is bad. */
function build(name: string, perSecond: number, share: number, sinceSeconds: number): BuildCounts {
  const of = (seconds: number): BadCounts => {
    const requests = perSecond * Math.min(seconds, sinceSeconds)
    return { requests: Math.round(requests), bad: Math.round(requests * share) }
  }
  return {
    build: name,
    recent: true,
    firstMs: untilMs - sinceSeconds * 1000,
    last5m: of(300),
    last1h: of(3_600),
    last6h: of(6 * 3_600),
    last3d: of(3 * day),
    window: of(30 * day),
    byHour: byHourOf(perSecond, sinceSeconds),
  }
}

/** Whole hours of a week, but for the last six. */
function byHourOf(perSecond: number, sinceSeconds: number): BuildCounts['byHour'] {
  const requests = new Map<number, number>()
  const until = untilMs / 1000 - 6 * 3_600
  for (let at = until - 3_600; at >= Math.max(until - 7 * day, untilMs / 1000 - sinceSeconds); at -= 3_600) {
    const hour = (at / 3_600) % 24
    requests.set(hour, (requests.get(hour) ?? 0) + perSecond * 3_600)
  }
  return [...requests].map(([hour, count]) => ({ hour, requests: count }))
}

// The vector: 100 requests a second, stable 0.05 % bad, a canary with 1 % of them 2 % bad.
const stable = build('1.0.0', 99, 0.0005, 30 * day)
const canary = build('2.0.0', 1, 0.02, 3_600)
const counts = { operation: 'GET /cart', untilMs, wholeHoursUntilMs: untilMs - 6 * 3_600_000 }
const of = (...builds: BuildCounts[]) => journeyBudget(slo, { ...counts, builds }, [])

describe('the budget of a journey', () => {
  it('burns 0.7 times where a canary at 1 % of the traffic burns 20 times', () => {
    const found = of(stable, canary)
    expect(found.burn.last1h.rate).toBeCloseTo(0.695, 2)
    const [first, second] = found.cohorts
    expect(first).toMatchObject({ build: '1.0.0', isStable: true, excess: null })
    expect(second).toMatchObject({ build: '2.0.0', isStable: false })
    expect(second!.share).toBeCloseTo(0.01, 4)
    expect(second!.burn.last1h.rate).toBeCloseTo(20, 5)
    expect(second!.excess!.perMinute).toBeCloseTo(1.17, 2)
    expect(second!.fullLasts!.seconds! / 3_600).toBeCloseTo(36, -0.5)
    expect(found.budget!.events).toBeCloseTo(0.001 * found.window.requests)
  })

  it('says who burns it, in sentences', () => {
    expect(of(stable, canary).messages).toMatchInlineSnapshot(`
      [
        "2.0.0 serves 1 % of the requests and burns the budget 20 times as fast as the objective allows, while all builds together burn it 0.694 times as fast. It adds 1.17 bad requests a minute, and it has cost 0.027 % of the budget of 30 days. At full rollout, a full budget would last 36 h (at worst 23.8 h, at best 2.43 days).",
        "At the present rate, the rest of the budget lasts 21.6 days.",
      ]
    `)
  })

  it('lasts as long as the formula says, along a ramp too', () => {
    const ramp = [
      { share: 0.01, seconds: 1_800 },
      { share: 1, seconds: 0 },
    ]
    const found = journeyBudget(slo, { ...counts, builds: [stable, canary] }, ramp)
    const { left } = found.budget!
    // The canary has no earlier days: what is to come is stable's 99 requests a second.
    const bad = 0.99 * (99 * 0.0005 + 0.02)
    expect(found.lasts!.seconds! / 3_600).toBeCloseTo(left / bad / 3_600, 0)
    const afterRamp = (left - 1_800 * bad) / (99 * 0.02) / 3_600
    expect(found.rampLasts!.seconds! / 3_600).toBeCloseTo(afterRamp + 0.5, 0)
    expect(found.rampLasts!.atWorst!).toBeLessThan(found.rampLasts!.seconds!)
    expect(found.rampLasts!.atBest!).toBeGreaterThan(found.rampLasts!.seconds!)
  })

  it('is counts where a window has room for fewer than ten bad requests', () => {
    const few = of(build('1.0.0', 0.002, 0.01, 30 * day))
    expect(few).toMatchObject({ budget: null, lasts: null, cohorts: [{ fullLasts: null }] })
    expect(few.burn.last1h.rate).toBeNull()
    expect(few.messages).toMatchInlineSnapshot(`
      [
        "52 of 5 184 requests were bad in 30 days. At this traffic the objective allows fewer than ten bad requests in 30 days: too few for a rate, so these are counts.",
      ]
    `)
  })

  it('is of what a window will have where it is not over', () => {
    const young = of(build('1.0.0', 100, 0.0005, 2 * day))
    expect(young.coveredSeconds).toBe(2 * day)
    expect(young.budget!.events).toBeCloseTo(0.001 * 100 * 30 * day, -2)
    expect(young.messages.at(-1)).toMatch(/^There are 2 days of traffic so far/)
  })

  it('is gone where more was bad than may be', () => {
    const gone = of(build('1.0.0', 100, 0.002, 30 * day))
    expect(gone.budget!.left).toBeLessThan(0)
    expect(gone.lasts!.seconds).toBe(0)
    expect(gone.messages).toMatchInlineSnapshot(`
      [
        "The budget of 30 days is used up: 518 400 requests were bad, and the objective of 99.9 % allows 259 200.",
      ]
    `)
  })

  it('says so where nobody came', () => {
    expect(of()).toMatchObject({
      compliance: null,
      budget: null,
      cohorts: [],
      messages: ['No requests within the window.'],
    })
  })

  it('tells of the newest twenty builds, and of stable', () => {
    const many = Array.from({ length: 40 }, (_, at) => build(`2.0.${at}`, 1, 0, 7_200 - at))
    const { cohorts } = of(stable, ...many)
    expect(cohorts).toHaveLength(20)
    expect(cohorts.map((one) => one.build).filter((name) => ['1.0.0', '2.0.39', '2.0.20'].includes(name))).toEqual([
      '1.0.0',
      '2.0.39',
    ])
  })

  it('says of requests that name no build that they do', () => {
    const [first] = of(stable, { ...canary, build: '' }).messages
    expect(first).toMatch(/^Traffic without a build serves 1 % of the requests/)
  })

  it('says what was seen where a journey is spelled differently', () => {
    const seen = ['GET /cart', 'POST /checkout', 'GET /a', 'GET /b']
    const messages = (operation: string) => journeyBudget(slo, { ...counts, operation, builds: [], seen }, []).messages
    expect(messages('GET /crat')).toEqual(['No requests within the window; did you mean GET /cart?'])
    expect(messages('PUT /x/y')).toEqual([
      'No requests within the window; the busiest operations of the last day are GET /cart, POST /checkout, GET /a.',
    ])
  })

  it('blames a build for nothing that stable does as well', () => {
    const alike = of(build('1.0.0', 50, 0.02, 30 * day), build('2.0.0', 50, 0.02, 3_600))
    expect(alike.cohorts[1]!.excess).toEqual({ perMinute: 0, requests: 0, spent: 0 })
    expect(alike.messages.join(' ')).not.toContain('2.0.0 has')
  })
})
