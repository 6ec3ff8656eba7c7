import { histogramOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, firstTick, randomOf, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import type { MetricInput } from '../policy/metric-schema.ts'
import type { Mode } from '../policy/mode.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import type { Verdict } from './verdict.ts'

/** Equal arms, which have whatever a metric may be about; half of the numbers are zero. */
function equal(ticks: number, canary: Partial<Arm> = {}): Slice[] {
  const arm: Arm = { n: 60, errors: 0.02, clientErrors: 0.02 }
  const operations = { 'GET /': { stable: { ...arm, n: 240 }, canary: { ...arm, ...canary } } }
  const random = randomOf(7)
  const value = (): number => (random() < 0.5 ? 0 : Math.exp(random()))
  const number = (n: number): Slice['stable'] => ({
    kind: 'distribution',
    n,
    histogram: histogramOf(Array.from({ length: n }, value)),
  })
  const rate = (n: number): Slice['stable'] => ({
    kind: 'rate',
    n,
    events: Array.from({ length: n }, random).filter((u) => u < 0.3).length,
  })
  const more = Array.from({ length: ticks }, (_, at) => firstTick + 5000 * at).flatMap((tick): Slice[] => {
    const common = { tick, operation: 'GET /' }
    return [
      { ...common, metric: 'cost', stable: number(240), canary: number(60) },
      { ...common, metric: 'cached', stable: rate(240), canary: rate(60) },
    ]
  })
  return [...trafficOf({ ticks, seed: 2, operations }), ...more]
}

function judged(name: string, entry: MetricInput, slices: Slice[], ticks: number, mode: Mode = 'sequential'): Verdict {
  const { stable, canary, ...facts } = factsOf(ticks)
  const instances = { stable: { ...stable, instances: 4 }, canary: { ...canary, instances: 1 } }
  const policy = { ...defaultPolicy, mode, split: 0.2, metrics: [metricPolicyOf(name, entry)] }
  return judge(slices, policy, { ...facts, ...instances })
}

describe('what is missing', () => {
  it.each<[string, MetricInput, number]>([
    ['latency', {}, 100],
    ['latency', { expect: 'same', margin: '15%' }, 16],
    ['errors', {}, 20],
    ['client-errors', { margin: '2' }, 6],
    ['lost-requests', { margin: '10%' }, 8],
    ['throughput', { margin: '10%' }, 8],
    ['cost', { attribute: 'app.cost' }, 20],
    ['cost', { calls: 'span.kind=client' }, 20],
    ['cached', { share: 'app.cache=hit', worse: 'lower', margin: '1.5' }, 4],
  ])('of %s %j is about what it takes to PASS', (name, entry, ticks) => {
    const early = judged(name, entry, equal(ticks), ticks)
    expect(early.verdict).toBe('inconclusive')
    const longest = Math.max(...early.missing.map(({ seconds }) => seconds ?? Number.POSITIVE_INFINITY))
    expect(longest).toBeLessThan(3600)
    for (const { canaryRequests, seconds } of early.missing) expect(canaryRequests! / seconds!).toBeCloseTo(12, -1)
    expect(early.reasons[0]!.message).toMatch(/^Not settled: .* more canary requests, .* at this rate\.$/)
    const later = ticks + Math.ceil((4 * longest) / 5)
    expect(judged(name, entry, equal(later), later).verdict).toBe('pass')
  })

  it('of an effect at its margin promises no number', () => {
    const early = judged('latency', {}, equal(24, { slower: 1.12 }), 24)
    expect(early.missing.map(({ canaryRequests }) => canaryRequests)).toContain(null)
  })

  it('of one look is told too', () => {
    const early = judged('errors', {}, equal(8), 8, 'fixed')
    expect(early.verdict).toBe('inconclusive')
    expect(early.missing[0]!.canaryRequests).toBeGreaterThan(100)
  })
})
