import { randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick } from '../../test/slices.ts'
import type { OperationSeries } from '../series.ts'
import { quietReasons } from './quiet.ts'

type Counts = (tick: number) => readonly [stable: number, canary: number]

function seriesOf(ticks: number, counts: Counts): OperationSeries[] {
  const requests = Array.from({ length: ticks }, (_, at) => {
    const [stable, canary] = counts(at)
    return { tick: firstTick + at * 5000, stable, canary }
  }).filter(({ stable, canary }) => stable + canary > 0)
  const none = { requests: 0, errors: 0, clientErrors: 0 }
  const totals = { stable: none, canary: none }
  const [distributions, rates, sums, failures] = [new Map(), new Map(), new Map(), new Map()]
  return [{ operation: 'GET /cart', totals, requests, distributions, rates, sums, failures }]
}

const messageOf = (ticks: number, counts: Counts, facts = factsOf(ticks)): string | undefined =>
  quietReasons(facts, seriesOf(ticks, counts))[0]?.message

describe('a canary that goes quiet', () => {
  it('is told, with since when, and what it served before', () => {
    const [reason] = quietReasons(
      factsOf(360),
      seriesOf(360, (tick) => (tick < 120 ? [300, 100] : [400, 0])),
    )
    expect(reason).toMatchObject({ code: 'canary-quiet', weight: 'blocks' })
    expect(reason!.message.replaceAll('\u202f', ' ')).toBe(
      'The canary served nothing from 2026-01-01T10:10:00Z to the end of the window (20 min, in which stable served 96 000 requests); before that, it served 25 %. See whether it crashed, or no longer gets requests. If it was taken away on purpose, judge only up to then: --end 2026-01-01T10:10:00Z.',
    )
  })

  it('served nothing since, where its last requests were on their way', () => {
    const last: Counts = (tick) => (tick < 120 ? [300, 100] : tick === 120 ? [398, 2] : [400, 0])
    expect(messageOf(360, last)).toMatch(/^The canary served nothing from 2026-01-01T10:10:00Z to /)
  })

  it('is told where it serves far less than its share', () => {
    expect(messageOf(360, (tick) => (tick < 240 ? [300, 100] : [390, 10]))).toMatch(
      /^The canary served 2\.5 % of the requests from 2026-01-01T10:20:00Z to .*before that, it served 25 %\./,
    )
  })

  it('is told soon: 15 seconds after the last of 5 requests a second', () => {
    expect(messageOf(60, (tick) => (tick < 57 ? [75, 25] : [100, 0]))).toContain('from 2026-01-01T10:04:45Z')
    expect(messageOf(60, (tick) => (tick < 58 ? [75, 25] : [100, 0]))).toBeUndefined()
  })

  it('of little traffic is told when so long a silence is no chance any more', () => {
    const oneInAMinute: Counts = (tick) => [tick % 12 === 0 ? 1 : 0, tick % 12 === 6 && tick < 360 ? 1 : 0]
    expect(messageOf(360 + 12 * 12, oneInAMinute)).toBeUndefined()
    expect(messageOf(360 + 40 * 12, oneInAMinute)).toContain('The canary served nothing from')
  })
})

describe('is no quiet canary', () => {
  it.each<[string, Counts]>([
    ['a steady one', () => [300, 100]],
    ['one whose service idles', (tick) => (tick < 120 ? [300, 100] : [0, 0])],
    ['one that stable leaves alone', (tick) => (tick < 120 ? [300, 100] : [0, 100])],
    ['a ramp up', (tick) => (tick < 120 ? [396, 4] : tick < 240 ? [360, 40] : [200, 200])],
    ['one that gets a little less', (tick) => (tick < 120 ? [300, 100] : [340, 60])],
    ['one that served before stable did', (tick) => (tick < 24 ? [0, 100] : [300, 100])],
    ['one that was quiet and is back', (tick) => (tick > 100 && tick < 200 ? [400, 0] : [300, 100])],
  ])('%s', (_, counts) => {
    expect(messageOf(360, counts)).toBeUndefined()
  })

  it('one whose last scrape has not come yet', () => {
    const spanMetrics = { cellSeconds: 15 } as never
    const counts: Counts = (tick) => (tick % 3 === 2 ? (tick < 59 ? [900, 300] : [900, 0]) : [0, 0])
    expect(messageOf(60, counts, { ...factsOf(60), spanMetrics })).toBeUndefined()
  })

  it('in more than 1 of 100 half hours of Poisson arrivals, whatever the traffic', () => {
    const random = randomOf(11)
    const poisson = (mean: number): number => {
      let n = 0
      for (let product = random(); product > Math.exp(-mean); product *= random()) n += 1
      return n
    }
    for (const [stable, canary] of [
      [0.5, 0.1],
      [5, 0.5],
      [10, 10],
      [40, 4],
    ] as const) {
      let told = 0
      for (let run = 0; run < 150; run += 1)
        if (messageOf(360, () => [poisson(stable), poisson(canary)]) !== undefined) told += 1
      expect(told, `${stable} and ${canary} a tick`).toBeLessThanOrEqual(1)
    }
  })
})
