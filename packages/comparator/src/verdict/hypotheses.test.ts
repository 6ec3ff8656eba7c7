import { describe, expect, it } from 'vitest'
import { conforms } from '../../test/schema.ts'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import type { Facts } from '../facts.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import type { MetricInput } from '../policy/metric-schema.ts'
import { defaultPolicy } from '../policy/policy.ts'
import type { Verdict } from './verdict.ts'

const arm: Arm = { n: 500 }

function judged(
  metrics: Readonly<Record<string, MetricInput>>,
  canary: Partial<Arm>,
  { facts = {}, ticks = 60 }: { facts?: Partial<Facts>; ticks?: number } = {},
): Verdict {
  const operations = {
    'GET /products': { stable: arm, canary: arm },
    'GET /cart': { stable: arm, canary: { ...arm, ...canary } },
  }
  const policy = {
    ...defaultPolicy,
    metrics: Object.entries(metrics).map(([name, entry]) => metricPolicyOf(name, entry)),
  }
  return judge(trafficOf({ ticks, seed: 1, operations }), policy, factsOf(ticks, facts))
}

describe('what was written down is answered', () => {
  const expected: MetricInput = { expect: 'no-worse', reason: 'only copy has changed' }

  it('confirmed, refuted or open, with the reason and the numbers', () => {
    const message = (canary: Partial<Arm>, ticks?: number) => {
      const [hypothesis, ...rest] = judged({ latency: expected, errors: {} }, canary, ticks ? { ticks } : {}).hypotheses
      expect(rest).toEqual([])
      return hypothesis!.message
    }
    const asked = 'expected latency to be no worse by more than 10 % or 2 ms (only copy has changed)'
    expect(message({})).toMatch(`Confirmed: ${asked}; median `)
    expect(message({ slower: 1.5 })).toMatch(`Refuted: ${asked}; GET /cart: median `)
    expect(message({}, 2)).toMatch(`Open: ${asked}; median `)
  })

  it('open, and says why, where the comparison is unfair or invalid', () => {
    const [unfair] = judged({ latency: expected }, {}, { facts: { overlap: 900 } }).hypotheses
    expect(unfair).toMatchObject({ answer: 'open', message: expect.stringContaining('; the comparison is unfair') })
    const same = factsOf(60).stable
    const [invalid] = judged({ latency: expected }, {}, { facts: { canary: same } }).hypotheses
    expect(invalid).toMatchObject({ answer: 'open', message: expect.stringContaining('the comparison is invalid') })
  })

  it('an improvement is asked of the service, and of each operation that it is no worse', () => {
    const verdict = judged({ latency: { expect: 'better', reason: 'a new index' } }, { slower: 0.5 })
    expect(verdict.findings.map(({ operation, expect: claim, margin }) => [operation, claim, margin])).toEqual([
      [null, 'better', '0%,0ms'],
      ['GET /cart', 'no-worse', '10%,2ms'],
      ['GET /products', 'no-worse', '10%,2ms'],
    ])
    expect(verdict).toMatchObject({ verdict: 'pass', hypotheses: [{ answer: 'confirmed' }] })
    expect(verdict.hypotheses[0]!.message).toMatch(/^Confirmed: expected latency to be better \(a new index\); median /)
  })

  it('an improvement that is proved not to come fails', () => {
    const verdict = judged({ latency: { expect: 'better', margin: '10%' } }, {})
    expect(verdict).toMatchObject({ verdict: 'fail', hypotheses: [{ answer: 'refuted' }] })
    expect(verdict.reasons[0]!.code).toBe('not-as-expected')
    expect(verdict.reasons[0]!.message).toMatch(/^The whole service: latency is not better by more than 10 %: median /)
  })
})

describe('advisory metrics', () => {
  it('change no verdict, and the verdict says what they would have made of it', () => {
    const verdict = judged({ latency: { gate: 'advisory' }, errors: {} }, { slower: 1.5 })
    expect(verdict.verdict).toBe('pass')
    expect(conforms(verdict)).toBe(true)
    expect(verdict.advisory).toEqual({
      verdict: 'fail',
      message: 'Advisory metrics, which decide nothing, would say FAIL: worse than the margin: latency.',
    })
    expect(verdict.findings.filter((one) => one.gate === 'advisory').map((one) => one.metric)).toEqual(
      Array(3).fill('latency'),
    )
  })

  it('take nothing of the alpha of those that decide', () => {
    const needed = (metrics: Readonly<Record<string, MetricInput>>) =>
      judged(metrics, {}).findings.find((one) => one.metric === 'errors')!.evidence.worse.needed
    expect(needed({ latency: { gate: 'advisory' }, errors: {} })).toBe(needed({ errors: {} }))
  })

  it('alone decide nothing, and the verdict says so', () => {
    const verdict = judged({ latency: { gate: 'advisory' } }, { slower: 1.5 })
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'nothing-decides' }] })
    expect(verdict.advisory).toMatchObject({ verdict: 'fail' })
  })
})

describe('weights', () => {
  const neededBy = (metrics: Readonly<Record<string, MetricInput>>) => {
    const { findings } = judged(metrics, {}, { ticks: 4 })
    return (name: string) =>
      findings.find((one) => one.scope === 'service' && one.metric === name)!.evidence.worse.needed
  }

  it('divide alpha: a critical metric has four parts, or as many times its weight', () => {
    const needed = neededBy({ latency: {}, errors: { critical: true }, 'client-errors': { weight: 2 } })
    expect(needed('latency') - needed('errors')).toBeCloseTo(Math.log(4), 4)
    expect(needed('latency') - needed('client-errors')).toBeCloseTo(Math.log(2), 4)
  })

  it('a critical metric is named first where it fails', () => {
    const both = { slower: 1.5, errors: 0.1 }
    expect(judged({ latency: {}, errors: {} }, both).reasons[0]!.message).toMatch(/slower/)
    expect(judged({ latency: {}, errors: { critical: true } }, both).reasons[0]!.message).toMatch(/failing more often/)
  })
})
