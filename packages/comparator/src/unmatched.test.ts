import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, fairnessOf, type Traffic, trafficOf } from '../test/slices.ts'
import { defaultPolicy, type Facts, judge, type Verdict } from './index.ts'

const none: Arm = { n: 0 }

function judged(operations: Traffic['operations'], facts: Partial<Facts> = {}, ticks = 60): Verdict {
  return judge(trafficOf({ ticks, seed: 3, operations }), defaultPolicy, factsOf(ticks, facts))
}

const decided = ({ reasons }: Verdict): string[] =>
  reasons.filter(({ weight }) => weight === 'decides').map(({ message }) => message)

describe('requests without a counterpart', () => {
  it('fail a canary that crashes before it knows the route', () => {
    const verdict = judged({
      'GET /cart': { stable: { n: 150 }, canary: none },
      GET: { stable: none, canary: { n: 50, errors: 1 } },
    })
    expect(verdict.verdict).toBe('fail')
    expect(decided(verdict)[0]).toMatch(/^The whole service is failing more often: 0 % -> 100 %/)
    expect(verdict.reasons.map(({ code }) => code)).toContain('unmatched-operations')
  })

  it('fail one that crashes for half of its requests', () => {
    const verdict = judged({
      'GET /cart': { stable: { n: 150 }, canary: { n: 25 } },
      GET: { stable: none, canary: { n: 25, errors: 1 } },
    })
    expect(verdict.verdict).toBe('fail')
    expect(decided(verdict)[0]).toMatch(/^The whole service is failing more often: 0 % -> \d+/)
  })

  it('fail one that lost an endpoint, by the client errors in its place', () => {
    const verdict = judged({
      'GET /cart': { stable: { n: 130 }, canary: { n: 45 } },
      'GET /help': { stable: { n: 20 }, canary: none },
      GET: { stable: none, canary: { n: 6, clientErrors: 1 } },
    })
    expect(verdict.verdict).toBe('fail')
    expect(decided(verdict)[0]).toMatch(/^The whole service is answered with client errors more often/)
    const unmatched = verdict.reasons
      .filter(({ code }) => code === 'unmatched-operations')
      .map(({ message }) => message)
    expect(unmatched.join('\n')).toMatch(
      /Only the canary served GET: .* answered with client errors \(100 %, against 0 % of all that stable served\)/,
    )
    expect(unmatched.join('\n')).toMatch(/Only stable served GET \/help/)
  })

  it('never pass one with a new endpoint that always fails, and say how often against the service', () => {
    const verdict = judged({
      'GET /cart': { stable: { n: 150 }, canary: { n: 50 } },
      'GET /new': { stable: none, canary: { n: 1, errors: 1 } },
    })
    expect(verdict.verdict).not.toBe('pass')
    expect(verdict.reasons.find(({ code }) => code === 'unmatched-operations')).toMatchObject({
      weight: 'blocks',
      message: expect.stringMatching(
        /Only the canary served GET \/new: .* failed \(100 %, against 0 % of all that stable served\)/,
      ),
    })
  })

  it('leave a canary be that serves new endpoints as well as the others', () => {
    const verdict = judged({
      'GET /cart': { stable: { n: 150, errors: 0.01 }, canary: { n: 45, errors: 0.01 } },
      'GET /new': { stable: none, canary: { n: 5, errors: 0.01 } },
    })
    expect(verdict.verdict).toBe('inconclusive')
  })

  it('are side by side where nothing matches, and not where the arms take turns', () => {
    const renamed = judged({
      'GET /cart': { stable: { n: 150 }, canary: none },
      'GET /v2/cart': { stable: none, canary: { n: 50 } },
    })
    expect(renamed.verdict).toBe('inconclusive')
    const slices = trafficOf({ ticks: 40, seed: 1, operations: { 'GET /': { stable: { n: 50 }, canary: { n: 50 } } } })
    const inTurn = slices.map((slice, at) => {
      const empty = { kind: 'count', n: 0 } as const
      if (slice.metric !== 'requests') return undefined
      return at < slices.length / 2 ? { ...slice, canary: empty } : { ...slice, stable: empty }
    })
    const apart = judge(
      inTurn.filter((one) => one !== undefined),
      defaultPolicy,
      factsOf(40),
    )
    expect(apart.reasons[0]).toMatchObject({ code: 'never-concurrent' })
  })
})

describe('what came late', () => {
  const late = (canary: { late: number; errors: number }): Partial<Facts> => ({
    lateSpans: 100,
    late: Array.from({ length: 60 }, (_, tick) => ({
      tick: Date.UTC(2026, 0, 1, 10) + tick * 5000,
      stable: { traces: 150, late: 1, errors: 0 },
      canary: { traces: 50, ...canary },
    })),
  })
  const alike = { 'GET /cart': { stable: { n: 150 }, canary: { n: 50 } } }

  it('fails the canary by its errors', () => {
    const verdict = judged(alike, late({ late: 5, errors: 5 }))
    expect(verdict.verdict).toBe('fail')
    expect(decided(verdict)[0]).toMatch(/failing more often/)
  })

  it('blocks PASS where the canary has more of it', () => {
    const reason = judged(alike, late({ late: 5, errors: 0 })).reasons.find(({ code }) => code === 'late-requests')
    expect(reason).toMatchObject({ weight: 'blocks' })
    expect(reason!.message).toContain("300 of canary's requests (10 %) were late, and 0 of those failed")
  })

  it('is a note where both have as much', () => {
    const verdict = judged(alike, {
      lateSpans: 2,
      late: [
        {
          tick: Date.UTC(2026, 0, 1, 10),
          stable: { traces: 150, late: 1, errors: 0 },
          canary: { traces: 50, late: 1, errors: 1 },
        },
      ],
    })
    expect(verdict.reasons.find(({ code }) => code === 'late-spans')!.message).toContain(
      "1 of stable's requests (0.667 %) were late, and 0 of those failed; 1 of canary's requests (2 %) were late, and 1 of those failed",
    )
  })
})

describe('traces that met both cohorts', () => {
  const side = { requests: 900, children: 0, scope: '', sampling: [], targeted: 0, skewMs: null }
  const messageOf = (metBoth: { traces: number; failed: number; retried?: number }): string => {
    const fairness: NonNullable<Facts['fairness']> = fairnessOf({
      sample: { stable: side, canary: { ...side, requests: 90 }, metBoth },
    })
    const verdict = judged({ 'GET /cart': { stable: { n: 150 }, canary: { n: 50 } } }, { fairness })
    return verdict.reasons.find(({ code }) => code === 'retried')!.message
  }

  it('are told, and tried again where stable was asked after the canary had failed', () => {
    expect(messageOf({ traces: 10, failed: 9, retried: 9 })).toBe(
      "10 % of the canary's traces met stable too (10 of those checked); in 9 of them the canary had failed: its callers try again elsewhere, so users see fewer errors than it makes. Each request counts for the build that answered it.",
    )
  })

  it('are not tried again where stable asked the canary, or both were asked at once', () => {
    expect(messageOf({ traces: 10, failed: 9, retried: 0 })).toContain(
      'the canary failed in 9 of them, and stable was not asked after that.',
    )
    expect(messageOf({ traces: 10, failed: 0, retried: 0 })).toContain('the canary failed in none of them.')
  })
})

describe('what is said first', () => {
  it('of an operation that one cohort alone serves is that, and not how many requests are missing', () => {
    const { verdict, reasons } = judged(
      { 'GET /cart': { stable: { n: 150 }, canary: none }, GET: { stable: none, canary: { n: 50 } } },
      {},
      120,
    )
    expect(verdict).toBe('inconclusive')
    expect(reasons[0]!.code).toBe('unmatched-operations')
    expect(reasons.map(({ message }) => message).join()).not.toContain('too few requests of both cohorts')
  })

  it('of small operations that are a single one is its name', () => {
    const verdict = judged(
      {
        'GET /cart': { stable: { n: 400 }, canary: { n: 200 } },
        'POST /refund': { stable: { n: 8 }, canary: { n: 4, errors: 1 } },
      },
      {},
      120,
    )
    expect(decided(verdict).join()).toMatch(
      /POST \/refund, the only small operation, is failing more often: 0 % -> 100 %/,
    )
  })
})
