import { describe, expect, it } from 'vitest'
import { factsOf, firstTick, randomOf, trafficOf } from '../../test/slices.ts'
import type { Facts } from '../facts.ts'
import type { Finding } from '../finding.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import type { Expect } from '../policy/metric-schema.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'

/** Workers that took `canary` messages a tick where stable's took 360, on so many instances. */
function throughput(
  canary: number,
  instances: { stable: number; canary: number },
  margin = '5%',
  expect: Expect = 'no-worse',
): Finding | undefined {
  const operations = { orders: { stable: { n: 360 }, canary: { n: canary } } }
  const policy = { ...defaultPolicy, metrics: [metricPolicyOf('throughput', { margin, expect })] }
  const { stable, canary: arm, ...facts } = factsOf(120)
  const known: Facts = {
    ...facts,
    stable: { ...stable, instances: instances.stable },
    canary: { ...arm, instances: instances.canary },
  }
  return judge(trafficOf({ ticks: 120, seed: 3, operations }), policy, known).findings[0]
}

/** Two minutes of workers that all do the same, a batch at a time; margin 0. */
function inBatches(size: number, seed: number): Finding {
  const random = randomOf(seed)
  const drawn = (batches: number): number =>
    size * Array.from({ length: 2 * batches }, random).filter((u) => u < 0.5).length
  const slices = Array.from({ length: 60 }, (_, i): Slice => {
    const [stable, canary] = [drawn(270 / size), drawn(30 / size)]
    return {
      tick: firstTick + i * 5000,
      operation: 'orders',
      metric: 'requests',
      stable: { kind: 'count', n: stable },
      canary: { kind: 'count', n: canary },
    }
  })
  const policy = { ...defaultPolicy, metrics: [metricPolicyOf('throughput', { margin: '0%' })] }
  const { stable, canary, ...facts } = factsOf(60)
  const known = { ...facts, stable: { ...stable, instances: 9 }, canary: { ...canary, instances: 1 } }
  return judge(slices, policy, known).findings[0]!
}

describe('throughput', () => {
  it('is held against what a stable instance gets done', () => {
    expect(throughput(120, { stable: 3, canary: 1 })!.decision).toBe('pass')
    expect(throughput(120, { stable: 2, canary: 1 })!.decision).toBe('fail')
  })

  it('fails a canary whose instances do less, and tells how much each did', () => {
    const finding = throughput(96, { stable: 3, canary: 1 })!
    expect(finding).toMatchObject({ decision: 'fail', statistic: 'requests per instance', unit: 'number' })
    expect(finding.effect.value).toBeCloseTo(0.8, 1)
    expect(finding.interval.upper).toBeLessThan(0.95)
    expect(finding.message).toMatch(
      /^orders is getting less done: requests per instance 14.\d{3} -> 11.\d{3} \(-2\d % to -1\d %\)/,
    )
  })

  it('takes batches for what they are', () => {
    const failed = (size: number): number =>
      Array.from({ length: 20 }, (_, seed) => inBatches(size, seed + 1)).filter((one) => one.decision === 'fail').length
    expect(failed(1)).toBeLessThanOrEqual(1)
    expect(failed(10)).toBeLessThanOrEqual(1)
  })

  it('may be expected to be better, or the same', () => {
    const on = { stable: 3, canary: 1 }
    expect(throughput(200, on, '10%', 'better')!.decision).toBe('pass')
    expect(throughput(120, on, '10%', 'better')!.decision).toBe('fail')
    expect(throughput(120, on, '10%', 'same')!.decision).toBe('pass')
    expect(throughput(200, on, '10%', 'same')!.decision).toBe('fail')
  })

  it('never fails a canary whose instances do more', () => {
    expect(throughput(200, { stable: 3, canary: 1 })!.decision).toBe('pass')
  })

  it('is not judged where no instance has a name, and the verdict says so', () => {
    expect(throughput(120, { stable: 0, canary: 0 })).toBeUndefined()
    const { stable, canary, ...facts } = factsOf(120)
    const nameless = { ...facts, stable: { ...stable, instances: 0 }, canary: { ...canary, instances: 0 } }
    const policy = { ...defaultPolicy, metrics: [...defaultPolicy.metrics, metricPolicyOf('throughput', {})] }
    const operations = { orders: { stable: { n: 360 }, canary: { n: 360 } } }
    const verdict = judge(trafficOf({ ticks: 120, seed: 3, operations }), policy, nameless)
    expect(verdict.verdict).toBe('inconclusive')
    expect(verdict.reasons.find(({ code }) => code === 'throughput-not-known')).toMatchObject({ weight: 'blocks' })
  })
})
