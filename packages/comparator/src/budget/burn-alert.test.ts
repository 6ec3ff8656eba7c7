import { expect, it, test } from 'vitest'
import { burnAlertsOf, burnThreshold } from './burn-alert.ts'
import type { BadCounts, BuildCounts } from './counts.ts'
import { journeyBudget } from './journey-budget.ts'

const day = 86_400
const untilMs = Date.parse('2026-11-30T12:00:00Z')

// The table that everybody's alerts are made from: 30 days, and 28.
test.each([
  [0.02, 'last1h', 30, 14.4],
  [0.05, 'last6h', 30, 6],
  [0.1, 'last3d', 30, 1],
  [0.02, 'last1h', 28, 13.44],
  [0.05, 'last6h', 28, 5.6],
] as const)('%d of the budget within %s of %d days is a burn of %d', (spent, long, days, burn) => {
  expect(burnThreshold(spent, days * day, long)).toBeCloseTo(burn, 2)
})

function build(name: string, perSecond: number, bad: number, sinceSeconds: number, badNow = bad): BuildCounts {
  const of = (seconds: number, share = bad): BadCounts => {
    const requests = Math.round(perSecond * Math.min(seconds, sinceSeconds))
    return { requests, bad: Math.round(requests * share) }
  }
  return {
    build: name,
    recent: true,
    firstMs: untilMs - sinceSeconds * 1000,
    last5m: of(300, badNow),
    last1h: of(3_600),
    last6h: of(21_600),
    last3d: of(3 * day),
    window: of(30 * day),
    byHour: [],
  }
}

const alerts = (...builds: BuildCounts[]) =>
  burnAlertsOf(
    journeyBudget(
      {
        name: 'cart',
        service: 'storefront',
        journeys: ['GET /cart'],
        objective: 0.999,
        windowSeconds: 30 * day,
        latencySeconds: null,
        critical: true,
        expect: null,
      },
      { operation: 'GET /cart', builds, untilMs, wholeHoursUntilMs: untilMs - 21_600_000 },
      [],
    ),
  )
const stable = build('1.0.0', 99, 0.0005, 30 * day)

it('tells of a canary at 1 % that no alert of the service would', () => {
  const [alert, ...others] = alerts(stable, build('2.0.0', 1, 0.03, 3_600))
  expect(others).toEqual([])
  expect(alert).toMatchObject({ key: 'slo/storefront/cart/GET%20%2Fcart/2.0.0', build: '2.0.0', critical: true })
  expect(alert!.burn).toBeCloseTo(30, 5)
  expect(alert!.serviceBurn).toBeLessThan(1)
  expect([alert!.title, ...alert!.text]).toMatchInlineSnapshot(`
    [
      "GET /cart: 2.0.0 burns its error budget 30 times as fast as the objective allows",
      "2.0.0 serves 1 % of the requests and burns the budget 30 times as fast as the objective allows, while all builds together burn it 0.794 times as fast. It adds 1.77 bad requests a minute, and it has cost 0.041 % of the budget of 30 days. At full rollout, a full budget would last 23.8 h (at worst 16.9 h, at best 35 h).",
      "A burn-rate alert on the whole service would miss it: the build serves only 1 % of the requests.",
      "At full rollout, the budget of 30 days would be gone in 23.8 h (at worst 16.9 h, at best 35 h).",
    ]
  `)
})

it('tells of none that burns slowly, has stopped, is too young to know, or is no worse than stable', () => {
  expect(alerts(stable, build('2.0.0', 1, 0.003, 3_600))).toEqual([])
  expect(alerts(stable, build('2.0.0', 1, 0.03, 3_600, 0))).toEqual([])
  expect(alerts(stable, build('2.0.0', 1, 0.03, 200))).toEqual([])
  expect(alerts(build('1.0.0', 99, 0.03, 30 * day), build('2.0.0', 1, 0.03, 3_600))).toEqual([])
})
