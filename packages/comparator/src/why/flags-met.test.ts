import { describe, expect, it } from 'vitest'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import { defaultPolicy } from '../policy/policy.ts'
import { type CohortFlagShare, metFlags, onlyMetric, variantsOf } from './flags-met.ts'

const share = (cohort: 'stable' | 'canary', flag: string, variant: string, requests: number): CohortFlagShare => ({
  cohort,
  operation: 'GET /',
  flag,
  variant,
  requests,
})

describe('the flags that a comparison met', () => {
  it('come with the most requests first, without mixed variants and the flags that are compared', () => {
    const met = metFlags(
      [
        share('stable', 'small', 'on', 10),
        share('stable', 'large', 'on', 40),
        share('canary', 'large', 'off', 60),
        share('canary', 'large', '(mixed)', 500),
        share('canary', 'compared', 'on', 900),
      ],
      ['compared'],
    )
    expect(met.map(({ flag, requests }) => [flag, requests])).toEqual([
      ['large', 100],
      ['small', 10],
    ])
  })

  it('vary where each cohort met two variants a hundred times, the variant first that stable had more of', () => {
    const [met] = metFlags(
      [
        share('stable', 'price', 'on', 200),
        share('stable', 'price', 'off', 800),
        share('canary', 'price', 'on', 500),
        share('canary', 'price', 'off', 500),
        share('canary', 'price', 'seldom', 99),
      ],
      [],
    )
    expect(variantsOf(met!)).toEqual({ kind: 'vary', variants: ['off', 'on'] })
  })

  it('are apart where each cohort met a variant of its own', () => {
    const [met] = metFlags([share('stable', 'price', 'off', 300), share('canary', 'price', 'on', 200)], [])
    expect(variantsOf(met!)).toEqual({ kind: 'apart', variants: ['off', 'on'] })
  })

  it('are alike where one variant is all there is, or where the requests are too few', () => {
    const [same] = metFlags([share('stable', 'price', 'on', 300), share('canary', 'price', 'on', 200)], [])
    expect(variantsOf(same!)).toEqual({ kind: 'alike' })
    const [few] = metFlags([share('stable', 'price', 'off', 99), share('canary', 'price', 'on', 99)], [])
    expect(variantsOf(few!)).toEqual({ kind: 'alike' })
  })
})

describe('a policy with one metric', () => {
  it('asks that it is no worse, and decides by it, whatever was written', () => {
    const written = metricPolicyOf('latency', { expect: 'better', gate: 'advisory' })
    const { metrics } = onlyMetric(
      { ...defaultPolicy, metrics: [written, ...defaultPolicy.metrics.slice(1)] },
      'latency',
    )
    expect(metrics).toEqual([{ ...written, expect: 'no-worse', gate: 'on' }])
  })
})
