// How often each sequence is wrong at any of many looks, and that what it says of its own limits is so.
import { describe, expect, test } from 'vitest'
import { eventsOf, lognormal, scaled, sourceOf } from '../../../../test/calibration/generate.ts'
import { dispersedShareProcess, dispersionOf } from '../dispersion.ts'
import { type Histogram, histogramOf, mergeHistograms } from '../histogram.ts'
import { type Moments, momentsOf, momentsOfHistogram } from '../moments.ts'
import { type Random, randomOf } from '../random.ts'
import { type Counts, shareProcess } from '../share.ts'
import { asymptoticInterval, type MomentsBlock } from './asymptotic-interval.ts'
import { bandRadius, bandTest } from './band-test.ts'
import { growthbookTest } from './growthbook.ts'
import { normalMixtureBound } from './normal-mixture.ts'
import { quantileDifferenceInterval, quantileInterval, quantileRanks } from './quantile-interval.ts'
import { quantileTest } from './quantile-test.ts'

const most = (level: number, runs: number) => level + 3 * Math.sqrt((level * (1 - level)) / runs)
const latency = sourceOf(lognormal({ median: 0.1, sigma: 0.6 }))

describe('quantiles and distribution functions of one arm', () => {
  const runs = 200
  const looks = 25

  test.each([0.5, 0.9, 0.99])('quantile %d leaves its interval, at any look, no more often than alpha says', (q) => {
    // The edge at which the share of values at or below is q, by a bucket that the truth is inside of.
    const truth = lognormalQuantile(q)
    let low = 0
    let high = 0
    for (let run = 0; run < runs; run += 1) {
      const seen = growing(randomOf(run), 40)
      const intervals = seen.map((values) => quantileInterval(values, { q, alpha: 0.05, tightestAt: 500 }))
      if (intervals.some(({ lower }) => lower !== null && lower > truth)) low += 1
      if (intervals.some(({ upper }) => upper !== null && upper < truth)) high += 1
    }
    expect(low / runs).toBeLessThan(most(0.05, runs))
    expect(high / runs).toBeLessThan(most(0.05, runs))
  })

  test('equal arms of uneven sizes are told apart, at any look, no more often than alpha says', () => {
    const wrong = { median: 0, tail: 0, difference: 0, band: 0 }
    for (let run = 0; run < runs; run += 1) {
      const draw = randomOf(5000 + run)
      const stable = growing(draw, 45)
      const canary = growing(draw, 5)
      const at = (says: (arms: { stable: Histogram; canary: Histogram }) => boolean) =>
        stable.some((_, look) => says({ stable: stable[look]!, canary: canary[look]! }))
      const rejects = (result: { kind: string; p?: number }) => result.kind === 'tested' && result.p! <= 0.05
      if (at((arms) => rejects(quantileTest(arms, { q: 0.5, tightestAt: 300 })))) wrong.median += 1
      if (at((arms) => rejects(bandTest(arms, { alternative: 'different' })))) wrong.band += 1
      const apart = at((arms) => {
        const { lower, upper } = quantileDifferenceInterval(arms, { q: 0.9, alpha: 0.025, tightestAt: 300 })
        return (lower ?? -1) > 0 || (upper ?? 1) < 0
      })
      if (apart) wrong.difference += 1
    }
    for (const count of Object.values(wrong)) expect(count / runs).toBeLessThan(most(0.05, runs))
  })

  test('they see what differs', () => {
    const draw = randomOf(77)
    const arms = {
      stable: latency(4000, draw),
      canary: sourceOf(scaled(lognormal({ median: 0.1, sigma: 0.6 }), 1.3))(2000, draw),
    }
    for (const result of [
      quantileTest(arms, { q: 0.5, tightestAt: 2000 }),
      bandTest(arms, { alternative: 'greater' }),
    ]) {
      expect(result.kind === 'tested' && result.p < 1e-6).toBe(true)
    }
    const { lower, upper } = quantileDifferenceInterval(arms, { q: 0.5, alpha: 0.025, tightestAt: 2000 })
    expect(lower!).toBeGreaterThan(0.01)
    expect(upper!).toBeLessThan(0.05)
  })

  function growing(draw: Random, each: number): Histogram[] {
    const seen: Histogram[] = []
    for (let look = 0; look < looks; look += 1) {
      seen.push(mergeHistograms([...seen.slice(-1), latency(each, draw)]))
    }
    return seen
  }
})

describe('means', () => {
  const runs = 300

  test('equal arms, drifting and ramped: the difference is in its interval at every look from the burn-in on', () => {
    let low = 0
    let high = 0
    for (let run = 0; run < runs; run += 1) {
      const draw = randomOf(run)
      const blocks: MomentsBlock[] = []
      let below = false
      let above = false
      for (let tick = 0; tick < 60; tick += 1) {
        const level = 1 + 0.3 * Math.sin(tick / 5)
        const m = tick < 20 ? 15 : tick < 40 ? 50 : 100
        blocks.push({ stable: drawn(200 - m, level, draw), canary: drawn(m, level, draw) })
        const result = asymptoticInterval(blocks, { alpha: 0.05, tightestAt: 8000 })
        if (result.kind !== 'estimated') continue
        below ||= result.interval.upper! < 0
        above ||= result.interval.lower! > 0
      }
      if (below) low += 1
      if (above) high += 1
    }
    expect(low / runs).toBeLessThan(most(0.05, runs))
    expect(high / runs).toBeLessThan(most(0.05, runs))
  })

  test('it says nothing before the burn-in, and narrows after it', () => {
    const draw = randomOf(3)
    const block = (): MomentsBlock => ({ stable: drawn(400, 1, draw), canary: drawn(400, 1.1, draw) })
    const blocks = [block(), block()]
    const at = () => asymptoticInterval(blocks, { alpha: 0.05, tightestAt: 8000 })
    expect(at()).toEqual({ kind: 'untestable', why: 'empty-arm' })
    blocks.push(block())
    const early = at()
    for (let more = 0; more < 20; more += 1) blocks.push(block())
    const late = at()
    if (early.kind !== 'estimated' || late.kind !== 'estimated') throw new Error('expected estimates')
    expect(late.interval.upper! - late.interval.lower!).toBeLessThan(early.interval.upper! - early.interval.lower!)
    expect(late.interval.lower!).toBeGreaterThan(0)
  })

  test('why it waits: from the first value on, errors of 0.1 % are called different far too often', () => {
    let wrong = 0
    for (let run = 0; run < runs; run += 1) {
      const draw = randomOf(run)
      let stable = 0
      let canary = 0
      for (let tick = 1; tick <= 100; tick += 1) {
        stable += eventsOf(450, 0.001, draw)
        canary += eventsOf(50, 0.001, draw)
        const arms = { stable: ofEvents(450 * tick, stable), canary: ofEvents(50 * tick, canary) }
        const result = growthbookTest(arms, { alpha: 0.05 })
        if (result.kind === 'tested' && result.p <= 0.05) {
          wrong += 1
          break
        }
      }
    }
    expect(wrong / runs).toBeGreaterThan(0.2)
  })

  test('moments of a histogram are those of its values, within a bucket, and capped', () => {
    const draw = randomOf(9)
    const values = Array.from({ length: 3000 }, () => Math.exp(normal(draw)))
    const exact = momentsOf(values)
    const close = momentsOfHistogram(histogramOf([...values, 0]))
    expect(close.n).toBe(3001)
    expect(close.mean / exact.mean).toBeCloseTo(1, 2)
    expect(close.variance / exact.variance).toBeCloseTo(1, 1)
    const capped = momentsOf(values.map((value) => Math.min(2, value)))
    expect(momentsOfHistogram(histogramOf(values), { atMost: 2 }).mean / capped.mean).toBeCloseTo(1, 2)
  })

  function drawn(n: number, level: number, draw: Random): Moments {
    return momentsOf(Array.from({ length: n }, () => level * Math.exp(0.6 * normal(draw))))
  }

  function ofEvents(n: number, events: number): Moments {
    const mean = events / n
    return { n, mean, variance: (mean * (1 - mean) * n) / (n - 1) }
  }
})

describe('counts in batches', () => {
  test.each([1, 2, 5, 10])(
    'batches of %d: raw counts raise false alarms, divided by their dispersion they do not',
    (batch) => {
      const runs = 400
      let raw = 0
      let divided = 0
      for (let run = 0; run < runs; run += 1) {
        const blocks = counts(randomOf(run), 0.1, batch)
        if (alarms(shareProcess({ alternative: 'different', share: 0.1, concentration: 100 }), blocks)) raw += 1
        if (alarms(dispersedShareProcess({ alternative: 'different', share: 0.1, concentration: 100 }), blocks))
          divided += 1
      }
      expect(divided / runs).toBeLessThan(most(0.05, runs))
      if (batch >= 2) expect(raw / runs).toBeGreaterThan(0.15)
      if (batch >= 5) expect(raw / runs).toBeGreaterThan(0.5)
    },
  )

  test('a fifth of the traffic lost is seen through batches of five, and the dispersion is about the batch', () => {
    const blocks = counts(randomOf(1), 0.1 * 0.8, 5)
    expect(alarms(dispersedShareProcess({ alternative: 'less', share: 0.1, concentration: 1000 }), blocks)).toBe(true)
    const alike = counts(randomOf(2), 0.1, 5)
    expect(dispersionOf(alike, 0.1)).toBeGreaterThan(4)
    expect(dispersionOf(alike, 0.1)).toBeLessThan(6)
  })

  // Half an hour of ticks, some 500 units each, in batches that go to one arm.
  function counts(draw: Random, share: number, batch: number): Counts[] {
    return Array.from({ length: 360 }, () => {
      const batches = Math.round((500 * (0.7 + 0.6 * draw())) / batch)
      const canary = eventsOf(batches, share, draw)
      return { stable: batch * (batches - canary), canary: batch * canary }
    })
  }

  function alarms(process: ReturnType<typeof shareProcess>, blocks: readonly Counts[]): boolean {
    for (const block of blocks) process.add(block)
    return process.maxLogE >= Math.log(20)
  }
})

test('the values of the examples in the comments', () => {
  const histogram = histogramOf(Array.from({ length: 1000 }, (_, at) => at + 1))
  const interval = quantileInterval(histogram, { q: 0.5, alpha: 0.025, tightestAt: 1000 })
  expect({ lower: Math.round(interval.lower!), upper: Math.round(interval.upper!) }).toEqual({ lower: 450, upper: 558 })
  const to = (highest: number) => histogramOf(Array.from({ length: 1000 }, (_, at) => ((at + 1) * highest) / 1000))
  const difference = quantileDifferenceInterval(
    { stable: to(1), canary: to(2) },
    { q: 0.5, alpha: 0.025, tightestAt: 1000 },
  )
  expect(difference.lower!).toBeCloseTo(0.34, 3)
  expect(difference.upper!).toBeCloseTo(0.666, 3)
  const by = (n: number, step: number) => Array.from({ length: n }, (_, at) => (at + 1) * step)
  expect(quantileTest({ stable: by(400, 1), canary: by(400, 1.5) }, { q: 0.5, tightestAt: 400 })).toMatchObject({
    p: expect.closeTo(1.2e-5, 6),
  })
  expect(quantileRanks(1000, { q: 0.5, alpha: 0.025, tightestAt: 1000 })).toEqual({ lower: 453, upper: 548 })
  expect(normalMixtureBound({ variance: 10, mixing: 2, alpha: 0.05, sides: 2 })).toBeCloseTo(9.6643, 4)
  expect(bandRadius(1000, 0.05)).toBeCloseTo(0.086569, 6)
  expect(bandTest({ stable: by(1000, 1), canary: by(1000, 1.5) }, { alternative: 'greater' })).toMatchObject({
    distance: expect.closeTo(0.334, 3),
  })
  const arm = (n: number, mean: number) => ({ n, mean, variance: 1 })
  const mean = asymptoticInterval([{ stable: arm(5000, 10), canary: arm(5000, 10.2) }], {
    alpha: 0.025,
    tightestAt: 10_000,
  })
  expect(mean).toMatchObject({ interval: { lower: expect.closeTo(0.139, 3), upper: expect.closeTo(0.261, 3) } })
  expect(growthbookTest({ stable: arm(500, 10), canary: arm(500, 10.3) }, { alpha: 0.05 })).toMatchObject({
    p: expect.closeTo(0.0016, 4),
  })
  expect(
    dispersionOf(
      [
        { stable: 90, canary: 10 },
        { stable: 80, canary: 20 },
      ],
      0.1,
    ),
  ).toBeCloseTo(5.56, 2)
  expect(momentsOfHistogram(histogramOf([1, 2, 1000]), { atMost: 2 }).mean).toBeCloseTo(1.66, 2)
})

test.each([
  ['q', () => quantileInterval(histogramOf([1]), { q: 1, alpha: 0.05, tightestAt: 10 })],
  ['tightestAt', () => quantileTest({ stable: [1], canary: [1] }, { q: 0.5, tightestAt: 0 })],
  ['alpha', () => bandRadius(10, 2)],
  ['share', () => dispersionOf([], 0)],
  [
    'stable.n',
    () => growthbookTest({ stable: { n: -1, mean: 0, variance: 0 }, canary: momentsOf([1, 2]) }, { alpha: 0.05 }),
  ],
])('an error names %s when it makes no sense', (name, call) => {
  expect(call).toThrow(RangeError)
  expect(call).toThrow(name)
})

function lognormalQuantile(q: number): number {
  const z = { 0.5: 0, 0.9: 1.2815515655446004, 0.99: 2.3263478740408408 }[q]!
  return 0.1 * Math.exp(0.6 * z)
}

function normal(draw: Random): number {
  return Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw())
}
