import { groupSequentialBounds, normalQuantile } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { conforms } from '../../test/schema.ts'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { metricPolicyOf } from './metric-policy.ts'
import { levelAt, type Mode } from './mode.ts'
import { defaultPolicy, type Policy, parsePolicy } from './policy.ts'

const arm: Arm = { n: 200 }

function looked(mode: Mode, look: number, canary: Partial<Arm> = {}, ticks = 24): Verdict {
  const policy: Policy = { ...defaultPolicy, mode }
  const slices = trafficOf({ ticks, seed: 1, operations: { 'GET /': { stable: arm, canary: { ...arm, ...canary } } } })
  return judge(slices, policy, factsOf(ticks, { look }))
}

describe('the level of a look', () => {
  it('is all of alpha where one looks once, or as often as one likes', () => {
    for (const mode of ['sequential', 'fixed'] as const) expect(levelAt(mode, 1)(0.05)).toBe(0.05)
  })

  it.each(['obrien-fleming', 'pocock', 'power'] as const)('of planned ones is by %s spending', (spending) => {
    const looks = 4
    const fractions = [0.25, 0.5, 0.75, 1]
    const bounds = groupSequentialBounds({ spending, alpha: 0.05, fractions, sides: 1 })
    const levels = bounds.map((_, at) => levelAt({ looks, spending }, at + 1)(0.05))
    for (const [at, level] of levels.entries()) expect(-normalQuantile(level)).toBeCloseTo(bounds[at]!, 8)
    expect(levels.reduce((sum, level) => sum + level, 0)).toBeGreaterThan(0.05)
    expect(Math.max(...levels)).toBeLessThan(0.05)
  })

  it('is none for a look too many', () => {
    expect(() => levelAt({ looks: 4, spending: 'pocock' }, 5)).toThrow('look: expected 1 to 4, got 5')
  })
})

describe('the verdict', () => {
  it('of a second look in fixed mode says that it was one too many, and never passes', () => {
    expect(looked('fixed', 1)).toMatchObject({ verdict: 'pass' })
    const peeked = looked('fixed', 2)
    expect(peeked.verdict).toBe('inconclusive')
    expect(peeked.reasons.find(({ code }) => code === 'peeked')).toMatchObject({ weight: 'blocks' })
  })

  it('of a planned look says which it is, and asks more of an early one', () => {
    const mode: Mode = { looks: 5, spending: 'obrien-fleming' }
    const early = looked(mode, 1)
    const last = looked(mode, 5)
    expect(conforms(early)).toBe(true)
    expect(early.reasons.find(({ code }) => code === 'planned-look')!.message).toMatch(/^This is look 1 of 5, 4 more /)
    const needed = ({ findings }: Verdict) => findings[0]!.evidence.worse.needed
    expect(needed(early)).toBeLessThan(needed(last) / 1000)
    expect([early.verdict, last.verdict]).toEqual(['inconclusive', 'pass'])
    expect(looked(mode, 3, { slower: 1.5 }).verdict).toBe('fail')
  })

  it('keeps its level over all planned looks together', () => {
    const runs = 150
    const looks = 4
    const metrics = ['latency', 'errors'].map((name) =>
      metricPolicyOf(name, { margin: name === 'latency' ? '0%' : '1' }),
    )
    const policy: Policy = { ...defaultPolicy, mode: { looks, spending: 'pocock' }, metrics }
    const operations = { 'GET /': { stable: { n: 80, errors: 0.05 }, canary: { n: 40, errors: 0.05 } } }
    const failed = Array.from({ length: runs }, (_, seed) => {
      const slices = trafficOf({ ticks: 8, seed: seed + 1, operations })
      return Array.from({ length: looks }, (_, at) => {
        const until = Date.parse(factsOf(0).window.start) + 10_000 * (at + 1)
        return judge(
          slices.filter(({ tick }) => tick < until),
          policy,
          factsOf(2 * (at + 1), { look: at + 1 }),
        )
      }).some(({ verdict }) => verdict === 'fail')
    }).filter(Boolean).length
    expect(failed / runs).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
  })
})

it.each<[unknown, Mode | string]>([
  ['fixed', 'fixed'],
  [{ looks: 5 }, { looks: 5, spending: 'obrien-fleming' }],
  [
    { looks: 3, spending: 'power' },
    { looks: 3, spending: 'power' },
  ],
  [
    'often',
    'expected sequential, fixed, or a number of looks such as { looks: 5, spending: obrien-fleming }, got "often"',
  ],
  [{ looks: 1 }, 'expected a number of at least 2, got 1'],
  [{ looks: 4, spending: 'even' }, 'expected one of obrien-fleming, pocock, power, got "even"'],
])('mode %j is read as %j', (mode, expected) => {
  const parsed = parsePolicy({ mode })
  expect(parsed.kind === 'policy' ? parsed.policy.mode : parsed.problems[0]!.message).toEqual(expected)
})
