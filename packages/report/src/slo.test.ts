import { type JourneyBudget, journeyBudget, type Slo } from '@coalmine/comparator'
import { expect, it } from 'vitest'
import { sloText } from './slo.ts'

const day = 86_400
const untilMs = Date.parse('2026-11-30T12:00:05Z')
const slo: Slo = {
  name: 'checkout',
  service: 'storefront',
  journeys: ['GET /cart', 'POST /checkout', 'GET /rare'],
  objective: 0.999,
  windowSeconds: 30 * day,
  latencySeconds: 0.3,
  critical: true,
  expect: null,
}

function build(name: string, perSecond: number, share: number, sinceSeconds: number) {
  const of = (seconds: number) => {
    const requests = Math.round(perSecond * Math.min(seconds, sinceSeconds))
    return { requests, bad: Math.round(requests * share) }
  }
  const [last5m, last1h, last6h, last3d, window] = [of(300), of(3_600), of(21_600), of(3 * day), of(30 * day)]
  return {
    build: name,
    recent: true,
    firstMs: untilMs - sinceSeconds * 1000,
    last5m,
    last1h,
    last6h,
    last3d,
    window,
    byHour: [],
  }
}

const journey = (operation: string | null, ...builds: ReturnType<typeof build>[]): JourneyBudget =>
  journeyBudget({ ...slo }, { operation, builds, untilMs, wholeHoursUntilMs: untilMs - 21_600_000 }, [])

const budgets = [
  journey('GET /cart', build('1.0.0', 99, 0.0005, 30 * day), build('2.0.0', 1, 0.02, 3_600)),
  journey('POST /checkout', build('1.0.0', 20, 0.0015, 30 * day)),
  journey('GET /rare', build('1.0.0', 0.001, 0.01, 30 * day)),
]

it('is a table of journeys and their builds, and what there is to say', async () => {
  await expect(sloText({ budgets }, { colors: false, width: 110 })).toMatchFileSnapshot('slo.golden.txt')
})

it('puts only what is wrong into words where there are many', () => {
  const many = [...budgets, ...['a', 'b', 'c'].map((name) => journey(name, build('1.0.0', 10, 0.0001, 30 * day)))]
  const text = sloText({ budgets: many }, { colors: false })
  expect(text).toContain('2.0.0 serves 1 % of the requests')
  expect(text).not.toContain('too few for a rate')
  expect(text.indexOf('POST /checkout')).toBeLessThan(text.indexOf('GET /cart'))
})

it('lets no build write to the terminal', () => {
  const hostile = journey('GET /cart', build('1.0.0', 99, 0, 30 * day), build('\u001b[2J2', 1, 0.02, 3_600))
  expect(sloText({ budgets: [hostile] }, { colors: false })).not.toContain('\u001b')
})

it('says so where there is nothing', () => {
  expect(sloText({ budgets: [] }, { colors: false })).toMatch(/^No journeys/)
  expect(sloText({ budgets: [journey(null)] }, { colors: false })).toContain('No requests within the window.')
})
