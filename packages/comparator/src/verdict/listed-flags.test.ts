import { expect, it } from 'vitest'
import { factsOf, trafficOf } from '../../test/slices.ts'
import type { CohortFacts } from '../facts.ts'
import { judge } from '../judge.ts'
import { defaultPolicy } from '../policy/policy.ts'

const many = 10_000

/** A cohort whose requests met ten thousand flags, each in a variant of the cohort's own, the first ones most often. */
const cohort = (selector: string): CohortFacts => ({
  selector,
  requests: 1_000_000,
  traces: 1_000_000,
  instances: 3,
  testRequests: 0,
  flags: Array.from({ length: many }, (_, n) => ({
    operation: 'GET /cart',
    flag: `flag-${String(n).padStart(5, '0')}`,
    variant: selector,
    requests: many - n,
  })),
})

it('a verdict on thousands of flags lists those with the most requests, and says how many others there are', () => {
  const arm = { n: 100 }
  const slices = trafficOf({ ticks: 6, seed: 1, operations: { 'GET /cart': { stable: arm, canary: arm } } })
  const verdict = judge(slices, defaultPolicy, factsOf(6, { stable: cohort('a=1'), canary: cohort('a=2') }))
  const { flags, flagsLeftOut } = verdict.cohorts.canary
  expect(flags).toHaveLength(200)
  expect(flags[0]!.flag).toBe('flag-00000')
  expect(flagsLeftOut).toBe(many - 200)
  expect(verdict.reasons.filter(({ code }) => code === 'flags-differ').at(-1)?.message).toMatch(
    /^99\d\d more flags differ between the cohorts\.$/,
  )
  expect(JSON.stringify(verdict).length).toBeLessThan(100_000)
})
