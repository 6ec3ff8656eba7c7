import { expect, it } from 'vitest'
import { factsOf, firstTick } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import { defaultPolicy, type Policy } from '../policy/policy.ts'
import type { Side, Slice } from '../slice.ts'

const ticks = 10
const served: Side = { kind: 'count', n: 500 }
const failing = (events: number): Side => ({ kind: 'rate', n: 500, events })

/** The canary fails more in the first half, and stable as much more in the second. */
const slices = Array.from({ length: ticks }, (_, at): Slice[] => {
  const common = { tick: firstTick + at * 5000, operation: 'GET /' }
  const [stable, canary] = at < ticks / 2 ? [5, 25] : [25, 5]
  return [
    { ...common, metric: 'requests', stable: served, canary: served },
    { ...common, metric: 'errors', stable: failing(stable), canary: failing(canary) },
  ]
}).flat()

it('a fixed test looks once, at the end: what it would have said halfway is nothing', () => {
  const policy: Policy = { ...defaultPolicy, metrics: [metricPolicyOf('errors', { margin: '1' })], mode: 'fixed' }
  const { verdict, findings } = judge(slices, policy, factsOf(ticks))
  expect(findings[0]!.evidence.worse).toMatchObject({ kind: 'p-value', p: expect.closeTo(0.5, 1) })
  expect(verdict).not.toBe('fail')
})
