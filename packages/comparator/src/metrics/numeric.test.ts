import { histogramOf } from '@coalmine/stats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick, randomOf } from '../../test/slices.ts'
import type { Finding } from '../finding.ts'
import { judge } from '../judge.ts'
import { aboveZero, shareAboveZero } from '../numeric-parts.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import type { MetricInput } from '../policy/metric-schema.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { pValueOf } from '../verdict/evidence.ts'

interface Cost {
  readonly zeros?: number
  readonly times?: number
  /** A share of the values above zero is this many times the rest. */
  readonly tail?: { readonly share: number; readonly times: number }
}

/** What a canary's cost comes to beside stable's, lognormal around `unit`, with `n` and `4 n` values a tick. */
function cost(
  entry: MetricInput,
  { stable = {}, canary = {}, ticks = 60, seed = 1, n = 60, unit = 3 }: { stable?: Cost; canary?: Cost } & Size = {},
): Finding {
  const random = randomOf(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const drawn = ({ zeros = 0, times = 1, tail = { share: 0, times: 1 } }: Cost): number =>
    random() < zeros ? 0 : unit * times * Math.exp(0.5 * normal()) * (random() < tail.share ? tail.times : 1)
  const side = (size: number, arm: Cost): Slice['stable'] => ({
    kind: 'distribution',
    n: size,
    histogram: histogramOf(Array.from({ length: size }, () => drawn(arm))),
  })
  const slices = Array.from({ length: ticks }, (_, i): Slice[] => {
    const tick = firstTick + i * 5000
    return [
      { tick, operation: 'GET /', metric: 'cost', stable: side(4 * n, stable), canary: side(n, canary) },
      {
        tick,
        operation: 'GET /',
        metric: 'requests',
        stable: { kind: 'count', n: 4 * n },
        canary: { kind: 'count', n },
      },
    ]
  }).flat()
  const policy = { ...defaultPolicy, metrics: [metricPolicyOf('cost', { attribute: 'app.cost', ...entry })] }
  return judge(slices, policy, factsOf(ticks)).findings[0]!
}

interface Size {
  readonly ticks?: number
  readonly seed?: number
  readonly n?: number
  readonly unit?: number
}

describe('a number', () => {
  it.each<[string, MetricInput, Cost, Cost, Finding['decision']]>([
    ['the same', {}, {}, {}, 'pass'],
    ['larger', {}, {}, { times: 1.3 }, 'fail'],
    ['smaller', {}, {}, { times: 0.5 }, 'pass'],
    ['with a worse tail', {}, {}, { tail: { share: 0.03, times: 10 } }, 'fail'],
    ['more often above zero', {}, { zeros: 0.9 }, { zeros: 0.8 }, 'fail'],
    ['as often above zero, and larger', {}, { zeros: 0.6 }, { zeros: 0.6, times: 1.4 }, 'fail'],
    ['above zero from never', {}, { zeros: 1 }, { zeros: 0.97 }, 'fail'],
    ['never above zero', {}, { zeros: 1 }, { zeros: 1 }, 'pass'],
    ['less often above zero', {}, { zeros: 0.2 }, { zeros: 0.8 }, 'inconclusive'],
    ['smaller, which hurts', { worse: 'lower' }, {}, { times: 0.7 }, 'fail'],
    ['larger, which helps', { worse: 'lower' }, {}, { times: 1.5 }, 'pass'],
    ['the same, where lower hurts', { worse: 'lower' }, {}, {}, 'pass'],
    ['much smaller now and then, which hurts', { worse: 'lower' }, {}, { tail: { share: 0.03, times: 0.1 } }, 'fail'],
    ['more often zero, which hurts', { worse: 'lower' }, {}, { zeros: 0.05 }, 'fail'],
    ['better, as expected', { expect: 'better' }, {}, { times: 0.8 }, 'pass'],
    [
      'better, as expected, of which half is zero',
      { expect: 'better' },
      { zeros: 0.5 },
      { zeros: 0.3, times: 0.7 },
      'fail',
    ],
    ['no better, though expected', { expect: 'better', margin: '10%' }, {}, {}, 'fail'],
    ['another, though expected the same', { expect: 'same' }, {}, { times: 0.7 }, 'fail'],
    ['the same, as expected', { expect: 'same' }, {}, {}, 'pass'],
  ])('that is %s: %j', (_name, entry, stable, canary, decision) => {
    expect(cost(entry, { stable, canary, ticks: 120 })).toMatchObject({ decision })
  })

  it('is told in its own unit, as a ratio with its interval', () => {
    const finding = cost({ margin: '2%' }, { canary: { times: 1.3 } })
    expect(finding).toMatchObject({ statistic: 'p50', unit: 'number', part: 'typical', margin: '2%' })
    expect(finding.stable.value).toBeCloseTo(3, 0)
    expect(finding.effect).toEqual({ kind: 'ratio', value: expect.closeTo(1.3, 1) })
    expect(finding.interval.lower).toBeGreaterThan(1.02)
    expect(finding.message).toMatch(
      /^GET \/ is higher in cost: median 3\.?\d* -> 3\.\d+ \(\+\d+ % to \+\d+ %\), more than the margin of 2 %\.$/,
    )
  })

  it('of which lower hurts is told as it is, not as it was tested', () => {
    const finding = cost({ worse: 'lower' }, { canary: { tail: { share: 0.04, times: 0.1 } } })
    expect(finding.part).toMatch(/^lowest/)
    expect(finding.statistic).toMatch(/^p(1|5|10)$/)
    expect(finding.effect.value).toBeLessThan(1)
    expect(finding.interval.upper).toBeLessThan(0.9)
    expect(finding.canary.value).toBeLessThan(finding.stable.value!)
  })

  it('where some are zero, the size that is told is of the others, and says so', () => {
    const finding = cost({}, { stable: { zeros: 0.4 }, canary: { zeros: 0.4, times: 1.5 } })
    expect(finding).toMatchObject({ decision: 'fail', part: 'typical', zerosApart: true })
    expect(finding.message).toMatch(/^GET \/ is higher in cost: median of those above zero [\d.]+ -> /)
    expect(cost({}, { canary: { times: 1.5 } })).not.toHaveProperty('zerosApart')
  })

  it('that more often is above zero is told as a share', () => {
    expect(cost({}, { stable: { zeros: 0.9 }, canary: { zeros: 0.7 } })).toMatchObject({
      part: 'above zero',
      unit: 'share',
      statistic: 'share of requests',
      message: expect.stringMatching(/^GET \/ is more often above zero in cost: 10(\.\d)? % -> /),
    })
  })

  it('comes to the same in any unit', () => {
    const decisions = [1e-6, 3, 1e12].map((unit) => cost({}, { unit, canary: { times: 1.15 }, ticks: 30 }))
    const logE = decisions.map(({ evidence }) => -Math.log(pValueOf(evidence.worse)))
    for (const one of logE) expect(one).toBeCloseTo(logE[0]!, 0)
  })

  it('fails no canary like its stable more often than alpha says', () => {
    const runs = 100
    for (const entry of [{}, { worse: 'lower' }] as const) {
      const failed = Array.from({ length: runs }, (_, seed) =>
        cost({ ...entry, margin: '0%' }, { stable: { zeros: 0.5 }, canary: { zeros: 0.5 }, ticks: 24, n: 12, seed }),
      ).filter(({ evidence }) => pValueOf(evidence.worse) <= 0.05).length
      expect(failed).toBeLessThanOrEqual(0.05 * runs + 3 * Math.sqrt(runs * 0.05 * 0.95))
    }
  })
})

describe('the parts of a number', () => {
  const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e9, noNaN: true })), { maxLength: 50 })

  it('hold every value once, zeros apart', () => {
    fc.assert(
      fc.property(values, (some) => {
        const histogram = histogramOf(some)
        const positive = some.filter((value) => value > 0)
        expect(shareAboveZero(histogram)).toEqual({ n: some.length, events: positive.length })
        expect(aboveZero(histogram, 'higher')).toEqual(histogramOf(positive))
      }),
    )
  })

  it('are turned over where lower hurts: within a bucket of 1/x, and back again', () => {
    fc.assert(
      fc.property(values, (some) => {
        const histogram = histogramOf(some)
        const turned = aboveZero(histogram, 'lower')
        expect(aboveZero(turned, 'lower')).toEqual(aboveZero(histogram, 'higher'))
        const inverse = histogramOf(some.filter((value) => value > 0).map((value) => 1 / value))
        const spread = ({ indices, counts }: typeof turned): number[] =>
          indices.flatMap((index, at) => Array<number>(counts[at]!).fill(index))
        const other = spread(inverse)
        for (const [at, index] of spread(turned).entries()) expect(Math.abs(index - other[at]!)).toBeLessThanOrEqual(1)
      }),
    )
  })
})
