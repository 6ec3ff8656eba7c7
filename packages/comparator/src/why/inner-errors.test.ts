import { describe, expect, it } from 'vitest'
import { factsOf, randomOf, trafficOf } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import type { Verdict } from '../verdict/verdict.ts'

const ticks = 60
const operation = 'POST /graphql'
const arm = { n: 100 }
const visible = trafficOf({ ticks, seed: 3, operations: { [operation]: { stable: arm, canary: arm } } })

/** What the status of requests shows is alike; so many of each arm hide an error. */
function hiding(stable: number, canary: number, seed: number): Slice[] {
  const random = randomOf(seed)
  const events = (n: number, share: number): Slice['stable'] => ({
    kind: 'rate',
    n,
    events: Array.from({ length: n }, random).filter((u) => u < share).length,
  })
  const hidden = visible
    .filter(({ metric }) => metric === 'errors')
    .map((slice) => ({
      ...slice,
      metric: 'inner-errors',
      stable: events(slice.stable.n, stable),
      canary: events(slice.canary.n, canary),
    }))
  return [...visible, ...hidden]
}

function policyOf(metrics: Record<string, boolean | 'off' | { margin: string }>): Policy {
  const parsed = parsePolicy({ metrics })
  if (parsed.kind === 'policy') return parsed.policy
  throw new Error(JSON.stringify(parsed.problems))
}

const judged = (
  slices: Slice[],
  metrics: Parameters<typeof policyOf>[0] = {},
  scope: 'requests' | 'downstream' = 'requests',
) => judge(slices, policyOf(metrics), factsOf(ticks, { scope }))

const notesOf = ({ reasons }: Verdict) => reasons.filter(({ code }) => code === 'inner-errors')
const findingOf = ({ findings }: Verdict) => findings.find(({ metric }) => metric === 'inner-errors')

describe('inner errors that nobody asked for', () => {
  it('are told in a note where the canary hides more of them, and decide nothing', () => {
    const without = judged(visible)
    const verdict = judged(hiding(0.005, 0.05, 1))
    expect(verdict.verdict).toBe(without.verdict)
    expect(verdict.advisory).toBeNull()
    expect(verdict.findings.filter(({ gate }) => gate === 'on')).toEqual(without.findings)
    expect(findingOf(verdict)).toMatchObject({ gate: 'advisory', decision: 'fail', statistic: 'share of requests' })
    expect(notesOf(verdict)).toEqual([
      {
        code: 'inner-errors',
        weight: 'note',
        message: expect.stringMatching(
          /^POST \/graphql is hiding inner errors more often: 0\.\d+ % -> \d\.\d+ % .*, more than the margin of odds x 1\.5 or 0\.1 pp\. .* "inner-errors: true"/,
        ),
      },
    ])
  })

  it('are in no note where both arms hide as many, as where a first attempt often fails', () => {
    const verdict = judged(hiding(0.3, 0.3, 1))
    expect(notesOf(verdict)).toEqual([])
    expect(findingOf(verdict)).toMatchObject({ gate: 'advisory', decision: 'pass' })
  })

  it('are seldom told of a canary that is like stable, looked at to its end', () => {
    const told = Array.from({ length: 100 }, (_, seed) =>
      notesOf(judged(hiding(0.02, 0.02, 100 + seed), { latency: 'off', errors: 'off', 'inner-errors': false })),
    ).flat()
    expect(told).toEqual([])
    const exact = { 'inner-errors': { margin: '1' } }
    const watched = Array.from({ length: 100 }, (_, seed) => {
      const [metric, ...rest] = policyOf(exact).metrics.toReversed()
      const policy = { ...policyOf(exact), metrics: [...rest, { ...metric!, gate: 'advisory' as const }] }
      return notesOf(judge(hiding(0.02, 0.02, 100 + seed), policy, factsOf(ticks))).length
    })
    expect(watched.filter((notes) => notes > 0).length).toBeLessThanOrEqual(10)
  })

  it('are not there where there are none, and are not asked of calls', () => {
    expect(judged(hiding(0, 0, 1))).toEqual(judged(visible))
    expect(findingOf(judged(hiding(0.01, 0.2, 1), { 'inner-errors': true }, 'downstream'))).toBeUndefined()
    expect(findingOf(judged(hiding(0.01, 0.2, 1), { 'inner-errors': 'off' }))).toBeUndefined()
  })
})

describe('inner errors that a policy asks for', () => {
  it('FAIL a canary that hides more of them', () => {
    const verdict = judged(hiding(0.005, 0.05, 1), { 'inner-errors': true })
    expect(verdict.verdict).toBe('fail')
    expect(verdict.reasons[0]!.message).toMatch(/^POST \/graphql is hiding inner errors more often/)
    expect(notesOf(verdict)).toEqual([])
  })

  it('are what a PASS needs', () => {
    const needed = (slices: Slice[]) => findingOf(judged(slices, { 'inner-errors': { margin: '2,1pp' } }))
    expect(needed(hiding(0, 0, 1))).toMatchObject({ gate: 'on', required: true, decision: 'pass' })
    expect(needed(hiding(0.005, 0.012, 1))).toMatchObject({ required: true, decision: 'inconclusive' })
  })
})
