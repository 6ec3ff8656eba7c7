import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { Mode } from './mode.ts'
import { defaultPolicy, parsePolicy } from './policy.ts'

const arm: Arm = { n: 200 }

function judgedAt(mode: Mode, look: number): Verdict {
  const ticks = 24
  const slices = trafficOf({ ticks, seed: 1, operations: { 'GET /': { stable: arm, canary: arm } } })
  return judge(slices, { ...defaultPolicy, mode }, factsOf(ticks, { look }))
}

describe('the verdict', () => {
  it('of a second look in fixed mode says that it was one too many, and never passes', () => {
    expect(judgedAt('fixed', 1)).toMatchObject({ verdict: 'pass' })
    const peeked = judgedAt('fixed', 2)
    expect(peeked.verdict).toBe('inconclusive')
    expect(peeked.reasons.find(({ code }) => code === 'peeked')).toMatchObject({ weight: 'blocks' })
  })
})

const plannedLooks =
  'planned looks are no longer needed: leave out "mode" to look as often as you like at the same error rate, or write "mode: fixed" for one look at the end'

it.each<[unknown, string]>([
  ['sequential', 'sequential'],
  ['fixed', 'fixed'],
  [{ looks: 5 }, plannedLooks],
  [{ looks: 5, spending: 'obrien-fleming' }, plannedLooks],
  [{ look: 5 }, 'expected sequential or fixed, got {"look":5}'],
  ['often', 'expected sequential or fixed, got "often"'],
])('mode %j is read as %j', (mode, expected) => {
  const parsed = parsePolicy({ mode })
  expect(parsed.kind === 'policy' ? parsed.policy.mode : parsed.problems[0]!.message).toEqual(expected)
})
