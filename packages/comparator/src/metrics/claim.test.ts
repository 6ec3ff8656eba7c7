import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import type { Decision } from '../finding.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import type { MetricInput } from '../policy/metric-schema.ts'
import { defaultPolicy } from '../policy/policy.ts'
import { boundsOf, limitOf } from './claim.ts'

const stable: Arm = { n: 500, errors: 0.1 }

function decided(name: string, entry: MetricInput, canary: Partial<Arm>, seed = 1): Decision {
  const slices = trafficOf({ ticks: 60, seed, operations: { 'GET /': { stable, canary: { ...stable, ...canary } } } })
  const policy = { ...defaultPolicy, metrics: [metricPolicyOf(name, entry)] }
  return judge(slices, policy, factsOf(60)).findings[0]!.decision
}

describe('latency', () => {
  it.each<[MetricInput, number, Decision]>([
    [{}, 1, 'pass'],
    [{}, 1.3, 'fail'],
    [{}, 0.5, 'pass'],
    [{ expect: 'worse-by-at-most', margin: '50%' }, 1.3, 'pass'],
    [{ expect: 'worse-by-at-most', margin: '50%' }, 1.7, 'fail'],
    [{ expect: 'better' }, 0.8, 'pass'],
    [{ expect: 'better' }, 1.2, 'fail'],
    [{ expect: 'better' }, 1, 'inconclusive'],
    [{ expect: 'better', margin: '10%' }, 0.7, 'pass'],
    [{ expect: 'better', margin: '10%' }, 1, 'fail'],
    [{ expect: 'better', margin: '1ms' }, 0.7, 'pass'],
    [{ expect: 'same' }, 1, 'pass'],
    [{ expect: 'same' }, 1.3, 'fail'],
    [{ expect: 'same' }, 0.7, 'fail'],
  ])('%j of a canary at %f times the durations: %s', (entry, slower, decision) => {
    expect(decided('latency', entry, { slower })).toBe(decision)
  })
})

describe('errors, 10 % in stable', () => {
  it.each<[MetricInput, number, Decision]>([
    [{}, 0.1, 'pass'],
    [{}, 0.2, 'fail'],
    [{}, 0.02, 'pass'],
    [{ expect: 'better' }, 0.05, 'pass'],
    [{ expect: 'better' }, 0.15, 'fail'],
    [{ expect: 'better' }, 0.1, 'inconclusive'],
    [{ expect: 'better', margin: '1.5' }, 0.03, 'pass'],
    [{ expect: 'better', margin: '1.5' }, 0.1, 'fail'],
    [{ expect: 'better', margin: '1.5,2pp' }, 0.03, 'pass'],
    [{ expect: 'same' }, 0.1, 'pass'],
    [{ expect: 'same' }, 0.2, 'fail'],
    [{ expect: 'same' }, 0.04, 'fail'],
  ])('%j of a canary with a share of %f: %s', (entry, errors, decision) => {
    expect(decided('errors', entry, { errors })).toBe(decision)
  })
})

it('improvement never fails what is expected to be no worse', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.95, noNaN: true }), fc.integer({ min: 1, max: 1e6 }), (slower, seed) => {
      const better = { n: 60, slower, errors: 0.1 * slower }
      const operations = { 'GET /': { stable: { n: 200, errors: 0.1 }, canary: better } }
      const metrics = ['latency', 'errors', 'client-errors'].map((name) => metricPolicyOf(name, {}))
      const verdict = judge(trafficOf({ ticks: 12, seed, operations }), { ...defaultPolicy, metrics }, factsOf(12))
      expect(verdict.findings.filter((one) => one.decision === 'fail')).toEqual([])
    }),
    { seed: 1, numRuns: 40 },
  )
})

describe('a limit', () => {
  it('is the margin that is larger, either way', () => {
    const margin = { ratio: 0.1, seconds: 0.002 }
    expect([0.01, 0.1].map(limitOf('up', margin))).toEqual([0.012, expect.closeTo(0.11)])
    expect([0.01, 0.1].map(limitOf('down', margin))).toEqual([0.008, expect.closeTo(0.09)])
    expect(limitOf('down', margin)(0.001)).toBeGreaterThan(0)
    expect(limitOf('down', { ratio: 0.5 })(1e-12)).toBe(5e-13)
  })

  it('is below stable where less hurts', () => {
    expect(boundsOf({ expect: 'no-worse', worse: 'lower' })).toEqual([{ side: 'lower', moved: 'down' }])
    expect(boundsOf({ expect: 'better', worse: 'lower' })).toEqual([{ side: 'lower', moved: 'up' }])
  })
})
