import { expect, it } from 'vitest'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'

const verdictOf = (canary: (operation: number) => Partial<Arm>, seed: number) => {
  const stable = { n: 40, errors: 0.02 }
  const operations = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`op ${i}`, { stable, canary: { ...stable, ...canary(i) } }]),
  )
  const large = { stable: { n: 500 }, canary: { n: 500, ...canary(-1) } }
  return judge(trafficOf({ ticks: 24, seed, operations: { ...operations, large } }), defaultPolicy, factsOf(24))
}

it('names every operation that a failing canary made worse, small ones too', () => {
  const verdict = verdictOf((i) => (i === -1 ? { slower: 1.5 } : i < 5 ? { errors: 0.3 } : {}), 1)
  expect(verdict.verdict).toBe('fail')
  const named = verdict.regressed.map(({ metric, operation }) => `${metric} ${operation}`).sort()
  expect(named).toEqual([...[0, 1, 2, 3, 4].map((i) => `errors op ${i}`), 'latency large'])
})

it('names none where the canary does not fail', () => {
  expect(verdictOf(() => ({}), 2)).toMatchObject({ regressed: [] })
})

// Twenty-five of thirty operations are as they were; of all that is named over the runs, few are among them.
it('is wrong about few of those that it names', () => {
  const named = Array.from(
    { length: 15 },
    (_, seed) => verdictOf((i) => (i >= 0 && i < 5 ? { errors: 0.2 } : {}), seed + 10).regressed,
  ).flat()
  const right = named.filter(({ metric, operation }) => metric === 'errors' && Number(operation.slice(3)) < 5)
  expect(named.length).toBeGreaterThan(50)
  expect(1 - right.length / named.length).toBeLessThanOrEqual(0.05)
})
