import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import { type Charts, chartsOf, defaultPolicy, judge, type Slice } from '../index.ts'

const alike: Arm = { n: 200 }

function charts(slices: readonly Slice[], ticks: number): Charts | null {
  const steps = chartsOf(slices, defaultPolicy, factsOf(ticks))
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const shop = (slower: number, ticks = 24): Slice[] =>
  trafficOf({
    ticks,
    seed: 1,
    operations: {
      'GET /products': { stable: alike, canary: alike },
      'GET /cart': { stable: alike, canary: { ...alike, slower } },
    },
  })

describe('charts', () => {
  it('cross the line of harm when the verdict was reached, and name the operation first', () => {
    const slices = shop(1.6)
    const verdict = judge(slices, defaultPolicy, factsOf(24))
    const found = charts(slices, 24)!
    expect(verdict.verdict).toBe('fail')
    expect(found.evidence.harmAt).toBe(verdict.decidedAfterSeconds)
    expect(found.evidence.harm.at(-1)).toBeGreaterThan(1)
    expect(found.operations.map(({ operation, decision }) => [operation, decision])).toEqual([
      ['GET /cart', 'fail'],
      ['GET /products', expect.stringMatching(/pass|inconclusive/)],
    ])
    expect(found.scopes.map(({ operation }) => operation)).toEqual([null, 'GET /cart', 'GET /products'])
  })

  it('tell the same numbers as the verdict: evidence, interval and counts', () => {
    const slices = shop(1.6)
    const finding = judge(slices, defaultPolicy, factsOf(24)).findings.find(
      (one) => one.operation === 'GET /cart' && one.metric === 'latency',
    )!
    const chart = charts(slices, 24)!
      .scopes.find(({ operation }) => operation === 'GET /cart')!
      .metrics.find(({ metric }) => metric === 'latency')!
    expect(finding.evidence.worse).toMatchObject({ needed: chart.evidence.harmNeeded })
    const last = chart.effect!.points.at(-1)!
    expect(last.value).toBeCloseTo(finding.effect.value!, 3)
    expect(last.lower).toBeCloseTo(finding.interval.lower!, 3)
    expect(chart.effect!.margin).toBeGreaterThan(1.09)
    if (chart.levels.kind !== 'distribution') throw new Error('expected quantiles')
    const counted = chart.levels.canary.n.reduce((sum, n) => sum + n, 0)
    expect(counted).toBe(finding.canary.count)
    const p50s = chart.levels.canary.p50.filter((value) => value !== null)
    expect(Math.min(...p50s)).toBeGreaterThan(0.01)
    const { stable } = chart.distribution!
    expect(stable.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1)
  })

  it('show safety crossing its line where the verdict is PASS', () => {
    const slices = shop(1, 60)
    const verdict = judge(slices, defaultPolicy, factsOf(60))
    const found = charts(slices, 60)!
    expect(verdict.verdict).toBe('pass')
    expect(found.evidence.safetyAt).toBe(verdict.decidedAfterSeconds)
    expect(found.evidence.shown.at(-1)).toBe(found.evidence.parts)
    expect(found.evidence.harmAt).toBeNull()
  })

  it('stay small: 20 operations over two hours are at most 300 points each, and less than two megabytes', () => {
    const operations = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`GET /r${at}`, { stable: { n: 2 }, canary: { n: 2 } }]),
    )
    const found = charts(trafficOf({ ticks: 1440, seed: 2, operations }), 1440)!
    expect(found.operations).toHaveLength(20)
    expect(found.evidence.harm.length).toBeLessThanOrEqual(300)
    for (const scope of found.scopes) expect(scope.requests.stable.length).toBeLessThanOrEqual(300)
    expect(JSON.stringify(found).length).toBeLessThan(2_000_000)
  })

  it('are none where nothing can be compared', () => {
    expect(charts([], 0)).toBeNull()
  })
})
