import { describe, expect, it } from 'vitest'
import { freshStore } from '../../test/fresh-store.ts'
import { batchOf, firstStart, spanOf } from '../../test/spans.ts'
import { cart } from '../../test/totals.ts'
import { type BudgetCounts, type BudgetRow, countedSlowFrom } from './budget-counts.ts'

const fresh = freshStore()
const hourMs = 3_600_000
const journey = { operation: 'GET /cart', slowFromSeconds: 0.3, windowSeconds: 30 * 86_400 }

const requests = (count: number, atMs: number, changes: Parameters<typeof spanOf>[0] = {}) =>
  Array.from({ length: count }, (_, index) => spanOf({ atMs: atMs + index, ...changes }))
const slow = { durationNs: 400_000_000n }
const failed = { status: 'Error' as const }

/** As an import does: a server that others write to as well takes spans of long ago from nobody else. */
async function bring(...spans: readonly ReturnType<typeof spanOf>[]): Promise<void> {
  const hold = await fresh.store.ingest.hold()
  await fresh.store.ingest.insert(batchOf(...spans), hold)
  fresh.store.ingest.release(hold)
}

/** Two days: an hour long ago, one yesterday, and the last six hours, with errors that are slow too. */
async function fill(): Promise<void> {
  await bring(
    ...requests(50, -40 * hourMs),
    ...requests(4, -40 * hourMs, slow),
    ...requests(3, -40 * hourMs, failed),
    ...requests(2, -40 * hourMs, { ...slow, ...failed }),
    ...requests(10, -5 * hourMs),
    ...requests(20, -100_000),
    ...requests(1, -100_000, { ...slow, ...failed }),
    ...requests(10, 0, { attributes: cart({ 'service.version': '2.0.0' }) }),
    ...requests(5, 0, { ...failed, attributes: cart({ 'service.version': '2.0.0' }) }),
    ...requests(7, 0, { attributes: cart({ 'coalmine.test': 'true' }), ...failed }),
    ...requests(9, 0, { attributes: { 'http.route': '/other', 'http.request.method': 'GET' } }),
  )
  await fresh.closeAfter(60_000)
}

const counts = async (...journeys: (typeof journey)[]): Promise<BudgetCounts> =>
  (await fresh.store.budgets.counts({ service: 'storefront', journeys }))!

const totals = (rows: readonly BudgetRow[], of: 'last5m' | 'last1h' | 'last6h' | 'last3d' | 'window'): number[] => [
  rows.reduce((sum, row) => sum + row[of].requests, 0),
  rows.reduce((sum, row) => sum + row[of].bad, 0),
]

describe('what a budget is counted from', () => {
  it('is a request that failed or was slow, once, within each window, and no test', async () => {
    await fill()
    const { untilMs, journeys } = await counts(journey)
    expect(untilMs).toBe(firstStart + 5_000)
    const rows = journeys[0]!
    expect(totals(rows, 'last5m')).toEqual([36, 6])
    expect(totals(rows, 'last6h')).toEqual([46, 6])
    expect(totals(rows, 'last3d')).toEqual([105, 15])
    expect(totals(rows, 'window')).toEqual([105, 15])
    const canary = rows.find(({ build }) => build === '2.0.0')!
    expect(canary).toMatchObject({ firstMs: firstStart, window: { requests: 15, bad: 5 } })
  })

  it('is errors alone where no latency is named, and every operation where none is', async () => {
    await fill()
    const { journeys } = await counts(
      journey,
      { ...journey, slowFromSeconds: undefined } as never,
      { windowSeconds: 30 * 86_400 } as never,
    )
    expect(journeys.map((rows) => totals(rows, 'window'))).toEqual([
      [105, 15],
      [105, 11],
      [114, 11],
    ])
  })

  it('is the same from hours that are summed up as from their ticks, and of what an import adds', async () => {
    await fill()
    const before = await counts(journey)
    fresh.clock = firstStart + 20 * hourMs
    expect(await fresh.store.budgets.sumUp()).toBe(3)
    await bring(...requests(30, 19 * hourMs))
    await fresh.closeAfter(21 * hourMs)
    const { journeys } = await counts(journey)
    expect(totals(journeys[0]!, 'window')).toEqual([105 + 30, 15])
    expect(totals(before.journeys[0]!, 'window')).toEqual([105, 15])

    await bring(...requests(8, -40 * hourMs, failed))
    await fresh.closeAfter(22 * hourMs)
    expect(totals((await counts(journey)).journeys[0]!, 'window')).toEqual([105 + 30 + 8, 15 + 8])
    expect(await fresh.store.budgets.sumUp()).toBe(0)
  })

  it('is known of hours whose ticks are forgotten', async () => {
    await fresh.store.close()
    // The engine goes by a clock of its own, by which the oldest hour is at most three days and four hours ago.
    fresh.store = await fresh.open({ retentionDays: 4 })
    await fill()
    fresh.clock = firstStart + 20 * hourMs
    await fresh.store.budgets.sumUp()
    // Of the oldest hour nothing is kept by then, and it is not looked for among ticks.
    fresh.clock = firstStart + 71 * hourMs
    await bring(...requests(10, 70 * hourMs))
    await fresh.closeAfter(72 * hourMs)
    expect(totals((await counts(journey)).journeys[0]!, 'window')).toEqual([105 + 10, 15])
  })

  it('is known of no service without closed ticks', async () => {
    expect(await fresh.store.budgets.counts({ service: 'nobody', journeys: [journey] })).toBeUndefined()
  })

  it('rounds a latency up to the end of its bucket', () => {
    expect(countedSlowFrom(0.3)).toBeGreaterThanOrEqual(0.3)
    expect(countedSlowFrom(0.3)).toBeLessThan(0.3 * 1.022)
    expect(countedSlowFrom(0.25)).toBe(0.25)
  })
})
