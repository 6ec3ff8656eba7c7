import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BadCounts, BuildCounts } from './counts.ts'
import type { Slo } from './slo.ts'
import { budgetHypotheses, type VerdictBudget, verdictBudget } from './verdict-budget.ts'

const day = 86_400
const untilMs = Date.parse('2026-11-30T12:00:00Z')
const slo: Slo = {
  name: 'cart',
  service: 'storefront',
  journeys: ['GET /cart'],
  objective: 0.999,
  windowSeconds: 30 * day,
  latencySeconds: 0.3,
  critical: true,
  expect: null,
}

/** All requests of 30 days at 100 a second, of which a share was bad. */
function history(perSecond: number, share: number): BuildCounts {
  const of = (seconds: number): BadCounts => ({
    requests: perSecond * seconds,
    bad: Math.round(perSecond * seconds * share),
  })
  const byHour = Array.from({ length: 24 }, (_, hour) => ({ hour, requests: perSecond * 3_600 * 7 }))
  const [last5m, last1h, last6h, last3d, window] = [of(300), of(3_600), of(21_600), of(3 * day), of(30 * day)]
  return {
    build: '1.0.0',
    recent: true,
    firstMs: untilMs - 30 * day * 1000,
    last5m,
    last1h,
    last6h,
    last3d,
    window,
    byHour,
  }
}

const journey = {
  operation: 'GET /cart',
  builds: [history(100, 0.0006)],
  untilMs,
  wholeHoursUntilMs: untilMs - 21_600_000,
}
// An hour at 1 %: 72 of the canary's 3 600 requests are bad, of stable's 0.05 %.
const asked = {
  slo,
  journey,
  stable: { requests: 356_400, bad: 178 },
  canary: { requests: 3_600, bad: 72 },
  seconds: 3_600,
  ramp: [],
}

describe('what a canary does to a budget', () => {
  it('is what stable would not have done', () => {
    const found = verdictBudget(asked)
    expect(found.share).toBeCloseTo(0.01, 6)
    expect(found.burn.canary).toBeCloseTo(20, 4)
    expect(found.excess.estimate).toBeCloseTo(3_600 * (0.02 - 178 / 356_400), 6)
    expect(found.excessPerMinute).toBeCloseTo(1.17, 2)
    expect(found.budget).toMatchObject({ events: expect.closeTo(259_200, 0), leftShare: expect.closeTo(0.4, 6) })
    expect(found.spent!.estimate).toBeCloseTo(found.excess.estimate / 259_200, 9)
    // The vector: 40 % of the budget at a share of 1 %, and a full one at 100 %.
    expect(found.lasts!.seconds! / 3_600).toBeCloseTo(414.39, 0)
    expect(found.fullLasts!.seconds! / 3_600).toBeCloseTo(36, 4)
    expect(found.rampLasts).toBeNull()
    expect(found.message).toMatchInlineSnapshot(
      `"GET /cart: the canary has cost 0.027 % (0.016 % to 0.042 %) of the error budget of 30 days: stable would have had 70.2 fewer bad requests. It burns the budget 20 times as fast as the objective allows, stable 0.499 times. What is left lasts 17.3 days at the canary's present share; at full rollout, a full budget would last 36 h (at worst 23.8 h, at best 2.43 days)."`,
    )
  })

  it('lasts 17.08 h along the ramp', () => {
    const shares = [0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    const ramp = shares.map((share) => ({ share, seconds: 1_800 }))
    expect(verdictBudget({ ...asked, ramp }).rampLasts!.seconds! / 3_600).toBeCloseTo(17.08, 2)
  })

  it('is counts where a window has room for fewer than ten bad requests', () => {
    const few = { ...journey, builds: [history(0.001, 0)] }
    const found = verdictBudget({
      ...asked,
      journey: few,
      canary: { requests: 40, bad: 2 },
      stable: { requests: 300, bad: 1 },
    })
    expect(found).toMatchObject({ budget: null, spent: null, lasts: null, fullLasts: null, burn: { canary: null } })
    expect(found.message).toMatchInlineSnapshot(
      `"GET /cart: 2 of the canary's 40 requests were bad, 1 of stable's 300. The objective allows fewer than ten bad requests in 30 days: too few for a rate."`,
    )
  })

  it('is none where stable is as bad', () => {
    const found = verdictBudget({
      ...asked,
      stable: { requests: 1_000, bad: 20 },
      canary: { requests: 1_000, bad: 20 },
    })
    expect(found.excess.estimate).toBe(0)
    expect(found.excess.upper).toBeGreaterThan(0)
    expect(found.message).toMatchInlineSnapshot(
      `"GET /cart: the canary has cost none of the error budget of 30 days (at most 0.013 %). It burns the budget 20 times as fast as the objective allows, stable 20 times. What is left lasts 14.4 h (at worst 9.5 h, at best 20.7 h) at the canary's present share; at full rollout, a full budget would last 36 h (at worst 17.7 h, at best 3.84 days)."`,
    )
  })

  it('lies between its bounds, which are wider with fewer requests', () => {
    const counts = fc
      .integer({ min: 1, max: 100_000 })
      .chain((requests) => fc.record({ requests: fc.constant(requests), bad: fc.integer({ min: 0, max: requests }) }))
    fc.assert(
      fc.property(counts, counts, (stable, canary) => {
        const { excess } = verdictBudget({ ...asked, stable, canary })
        expect(0 <= excess.lower && excess.lower <= excess.estimate + 1e-6).toBe(true)
        expect(excess.estimate).toBeLessThanOrEqual(excess.upper + 1e-6)
        expect(excess.upper).toBeLessThanOrEqual(canary.requests)
      }),
      { numRuns: 100, seed: 16 },
    )
  })
})

describe('what an objective expects of a release', () => {
  const answers = (expect: number, ...budgets: VerdictBudget[]) =>
    budgetHypotheses([{ ...slo, expect }], budgets).map(({ answer }) => answer)
  const found = verdictBudget(asked)

  it('is refuted, confirmed or open by the bounds of what it cost', () => {
    const { lower, estimate, upper } = found.spent!
    expect([lower, estimate, upper].every((one) => one > 0)).toBe(true)
    expect(answers(lower / 2, found)).toEqual(['refuted'])
    expect(answers(estimate, found)).toEqual(['open'])
    expect(answers(upper, found)).toEqual(['confirmed'])
    expect(answers(0.005)).toEqual(['open'])
    expect(budgetHypotheses([slo], [found])).toEqual([])
    expect(budgetHypotheses([{ ...slo, expect: 0.005 }], [found])[0]!.message).toMatchInlineSnapshot(
      `"Confirmed: expected to cost no more than 0.5 % of the error budget of cart (30 days); GET /cart cost 0.027 % (0.016 % to 0.042 %) so far."`,
    )
  })

  it('is of each journey', () => {
    const good = verdictBudget({ ...asked, canary: { requests: 360_000, bad: 0 } })
    expect(answers(found.spent!.lower / 2, good, found)).toEqual(['refuted'])
    expect(answers(found.spent!.estimate, good, found)).toEqual(['open'])
  })
})
