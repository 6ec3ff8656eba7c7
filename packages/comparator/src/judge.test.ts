import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conforms } from '../test/schema.ts'
import { type Arm, factsOf, firstTick, trafficOf } from '../test/slices.ts'
import {
  defaultPolicy,
  type Facts,
  judge,
  judgeInSteps,
  type Policy,
  type PolicyInput,
  parsePolicy,
  type Slice,
  type Verdict,
} from './index.ts'

const alike: Arm = { n: 500 }

function policyOf(input: PolicyInput): Policy {
  const result = parsePolicy(input)
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.policy
}

function shop(canary: Partial<Arm>, more: { ticks?: number; seed?: number; policy?: Policy } = {}): Verdict {
  const { ticks = 24, seed = 1, policy = defaultPolicy } = more
  const operations = {
    'GET /products': { stable: alike, canary: alike },
    'GET /cart': { stable: alike, canary: { ...alike, ...canary } },
  }
  return judge(trafficOf({ ticks, seed, operations }), policy, factsOf(ticks))
}

describe('a canary', () => {
  it('passes when everything is shown to be within its margin', () => {
    const verdict = shop({}, { ticks: 60 })
    expect(verdict.verdict).toBe('pass')
    expect(verdict.missing).toEqual([])
    expect(verdict.findings.every((finding) => finding.decision === 'pass')).toBe(true)
    expect(verdict.decidedAfterSeconds).toBeGreaterThan(10)
  })

  it('passes where a scanner is answered with 404 by both arms, to its every request', () => {
    const scanned = { n: 120, clientErrors: 1 }
    const operations = { 'GET /cart': { stable: alike, canary: alike }, GET: { stable: scanned, canary: scanned } }
    const verdict = judge(trafficOf({ ticks: 180, seed: 3, operations }), defaultPolicy, factsOf(180))
    expect(verdict.verdict).toBe('pass')
    const worse = { ...operations, GET: { stable: { ...scanned, clientErrors: 0.7 }, canary: scanned } }
    expect(judge(trafficOf({ ticks: 180, seed: 3, operations: worse }), defaultPolicy, factsOf(180)).verdict).toBe(
      'fail',
    )
  })

  it('fails when one route is slower, and the verdict names the route, the effect and its interval beyond the margin', () => {
    const verdict = shop({ slower: 1.4 })
    expect(verdict.verdict).toBe('fail')
    const [reason] = verdict.reasons
    expect(reason).toMatchObject({ code: 'worse-than-margin', weight: 'decides' })
    expect(reason!.message).toMatch(/^GET \/cart is slower: median .* more than the margin of 10 % or 2 ms\.$/)
    const finding = verdict.findings.find((one) => one.operation === 'GET /cart' && one.metric === 'latency')!
    expect(finding.decision).toBe('fail')
    expect(finding.effect.value).toBeCloseTo(1.4, 1)
    expect(finding.interval.lower).toBeGreaterThan(1.1)
    expect(verdict.findings.find((one) => one.operation === 'GET /products')!.decision).not.toBe('fail')
  })

  it('fails when only its slowest requests are slower, and the finding speaks of them', () => {
    const verdict = shop({ tail: { share: 0.03, times: 10 } })
    expect(verdict.verdict).toBe('fail')
    expect(verdict.reasons[0]!.message).toMatch(/^GET \/cart is slower for the slowest (10|5|1) %: p9\d/)
  })

  it('fails on errors from a base of none', () => {
    const verdict = shop({ errors: 0.03 })
    expect(verdict.verdict).toBe('fail')
    const finding = verdict.findings.find((one) => one.operation === 'GET /cart' && one.metric === 'errors')!
    expect(finding).toMatchObject({ decision: 'fail', effect: { kind: 'difference' } })
    expect(finding.interval.lower).toBeGreaterThan(0.001)
  })

  it('fails on answers with client errors', () => {
    expect(shop({ clientErrors: 0.05 }).reasons[0]!.message).toMatch(
      /^GET \/cart is answered with client errors more often/,
    )
  })

  it('does not fail for being faster, nor for failing less', () => {
    expect(shop({ slower: 0.7 }, { ticks: 60 }).verdict).toBe('pass')
  })

  it('is inconclusive while evidence is missing, and the verdict says how much', () => {
    const verdict = shop({}, { ticks: 4 })
    expect(verdict.verdict).toBe('inconclusive')
    expect(verdict.missing.length).toBeGreaterThan(0)
    expect(verdict.missing.some((one) => one.canaryRequests !== null && one.canaryRequests > 100)).toBe(true)
    expect(verdict.reasons[0]!.message).toMatch(/^Not settled: .* more canary requests, .* at this rate\.$/)
  })

  it('loses a PASS when it worsens afterwards, even before it can be failed', () => {
    const operation = (canary: Arm) => ({ 'GET /': { stable: alike, canary } })
    const good = trafficOf({ ticks: 40, seed: 8, operations: operation(alike) })
    const later = trafficOf({ ticks: 80, seed: 8, operations: operation({ ...alike, slower: 1.13 }) })
    const verdicts = [0, 20, 40].map((ticks) =>
      judge(
        [
          ...good,
          ...later.filter((one) => one.tick >= firstTick + 200_000 && one.tick < firstTick + 200_000 + ticks * 5000),
        ],
        defaultPolicy,
        factsOf(40 + ticks),
      ),
    )
    expect(verdicts[0]!.verdict).toBe('pass')
    expect(verdicts[2]!.verdict).not.toBe('pass')
  })

  it('never passes with a bad tail, not even while it cannot be failed yet', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      expect(shop({ n: 60, tail: { share: 0.02, times: 5 } }, { ticks: 120, seed }).verdict).not.toBe('pass')
    }
  })
})

describe('lost requests', () => {
  const policy: Policy = { ...defaultPolicy, split: 0.5 }

  it('fail a canary that serves less than its declared share', () => {
    const verdict = shop({ n: 350 }, { policy })
    expect(verdict.verdict).toBe('fail')
    expect(verdict.findings.find((one) => one.metric === 'lost-requests')).toMatchObject({ decision: 'fail' })
  })

  it('do not pass a canary that gets more: the split was missed', () => {
    const verdict = shop({ n: 800 }, { policy, ticks: 60 })
    expect(verdict.verdict).toBe('inconclusive')
    expect(verdict.reasons.map((reason) => reason.code)).toContain('split-missed')
  })

  it('are not seen in the tick in which the canary began, where stable served alone at first', () => {
    const operations = { 'GET /': { stable: alike, canary: alike } }
    const slices = trafficOf({ ticks: 60, seed: 5, operations })
    const began = slices.map((slice): Slice => {
      if (slice.tick !== firstTick || slice.canary.kind !== 'count') return slice
      return { ...slice, canary: { kind: 'count', n: 3 } }
    })
    const verdict = judge(began, policy, factsOf(60))
    expect(verdict.findings.find((one) => one.metric === 'lost-requests')).toMatchObject({ decision: 'pass' })
    expect(verdict.reasons.map((reason) => reason.code)).not.toContain('split-missed')
  })

  it('are not judged without a declared split', () => {
    expect(shop({ n: 100 }).findings.map((one) => one.metric)).not.toContain('lost-requests')
  })
})

describe('a comparison that means nothing is invalid', () => {
  it('when both cohorts are the same', () => {
    const facts = factsOf(4)
    const verdict = judge([], defaultPolicy, { ...facts, canary: facts.stable })
    expect(verdict).toMatchObject({ verdict: 'invalid', reasons: [{ code: 'same-cohort' }] })
  })

  it('when a cohort is empty, and it lists what the service has sent', () => {
    const facts = factsOf(4)
    const verdict = judge([], defaultPolicy, {
      ...facts,
      canary: { ...facts.canary, requests: 0 },
      known: { services: ['shop'], values: ['service.version=1.9.0', 'service.version=2.1.0'], open: { spans: 40 } },
    })
    expect(verdict.reasons[0]!.message).toContain('no canary request with service.version=2.0.0')
    expect(verdict.reasons[0]!.message).toContain(
      '40 spans of shop have arrived, but their five-second ticks have not closed yet',
    )
    expect(verdict.reasons[0]!.message).toContain('shop has sent: service.version=1.9.0, service.version=2.1.0.')
  })

  it('when nobody of the audience was there, and it says whose requests were looked for', () => {
    const facts = factsOf(4)
    const message = (more: Partial<Facts>): string =>
      judge([], defaultPolicy, {
        ...facts,
        canary: { ...facts.canary, requests: 0 },
        known: { services: ['shop'], values: [], open: { spans: 0 } },
        ...more,
      }).reasons[0]!.message
    expect(message({ audience: ['beta', 'internal'] })).toContain(
      'service.version=2.0.0 of audience beta or internal between',
    )
    expect(message({ traffic: 'test' })).toContain('service.version=2.0.0 of test traffic between')
  })

  it('when no calls were made, and it speaks of calls and not of builds that are there', () => {
    const facts = factsOf(4)
    const known = { services: ['shop'], values: ['service.version=2.0.0'], open: { spans: 0 } }
    const canary = { ...facts.canary, requests: 0 }
    const { message } = judge([], defaultPolicy, { ...facts, scope: 'downstream', canary, known }).reasons[0]!
    expect(message).toContain('no call by canary, service.version=2.0.0, between')
    expect(message).toContain('CLIENT and PRODUCER spans')
    expect(message).not.toContain('has sent')
  })

  it('when the service is unknown, and it lists the services', () => {
    const facts = factsOf(4)
    const empty = { requests: 0 }
    const verdict = judge([], defaultPolicy, {
      ...facts,
      service: 'shpo',
      stable: { ...facts.stable, ...empty },
      canary: { ...facts.canary, ...empty },
      known: { services: ['inventory', 'shop'], values: [], open: { spans: 0 } },
    })
    expect(verdict.reasons[0]!.message).toBe(
      'no spans of service "shpo"; did you mean shop? The store has seen: inventory, shop.',
    )
  })

  it('when the cohorts never ran side by side', () => {
    const alone = (stable: number, canary: number, tick: number): Slice => ({
      tick,
      operation: 'GET /',
      metric: 'requests',
      stable: { kind: 'count', n: stable },
      canary: { kind: 'count', n: canary },
    })
    const verdict = judge([alone(10, 0, 0), alone(0, 10, 5000)], defaultPolicy, factsOf(4))
    expect(verdict).toMatchObject({ verdict: 'invalid', reasons: [{ code: 'never-concurrent' }] })
    expect(verdict.reasons[0]!.message).toContain('(blue/green), run both at once for a while, or compare')
    expect(verdict.reasons[0]!.message).toContain('--stable-window 7d')
  })

  it('but not where they have a request a minute each, and take turns', () => {
    const turns = Array.from({ length: 10 }, (_, at): Slice => {
      const one = (n: number): Slice['stable'] => ({ kind: 'count', n })
      return {
        tick: 60_000 * at,
        operation: 'GET /',
        metric: 'requests',
        stable: one(at % 2),
        canary: one((at + 1) % 2),
      }
    })
    const { verdict, missing } = judge(turns, defaultPolicy, factsOf(120))
    expect(verdict).toBe('inconclusive')
    expect(missing.map(({ tooFew }) => tooFew)).toContainEqual({ needed: 20, stable: 5, canary: 5 })
  })
})

describe('operations that only one arm served', () => {
  const served = (canaryOnly: Arm, ticks = 90): Verdict => {
    const operations = {
      'GET /': { stable: alike, canary: alike },
      'GET /new': { stable: { n: 0 }, canary: canaryOnly },
    }
    return judge(trafficOf({ ticks, seed: 4, operations }), defaultPolicy, factsOf(ticks))
  }
  const weightOf = (verdict: Verdict) => verdict.reasons.find((one) => one.code === 'unmatched-operations')?.weight

  it('are named where they are few and sound, and PASS stands', () => {
    const verdict = served({ n: 10 })
    expect(verdict.verdict).toBe('pass')
    expect(weightOf(verdict)).toBe('note')
    expect(verdict.reasons.find((one) => one.code === 'unmatched-operations')!.message).toMatch(
      /^Only the canary served GET \/new: /,
    )
  })

  it('block PASS where they fail, or are a large part of the traffic', () => {
    expect(served({ n: 10, errors: 1 })).toMatchObject({ verdict: 'inconclusive' })
    expect(served({ n: 60 })).toMatchObject({ verdict: 'inconclusive' })
    expect(weightOf(served({ n: 60 }))).toBe('blocks')
  })
})

describe('operations that are not told apart', () => {
  const judged = (unnamed: number): Verdict => {
    const operations = {
      'GET /': { stable: alike, canary: alike },
      '(other)': { stable: { n: unnamed }, canary: { n: unnamed } },
    }
    return judge(trafficOf({ ticks: 120, seed: 4, operations }), defaultPolicy, factsOf(120))
  }

  it('block PASS where they are a twentieth of the requests', () => {
    expect(judged(2).verdict).toBe('pass')
    const many = judged(30)
    expect(many.verdict).toBe('inconclusive')
    expect(many.reasons).toContainEqual(expect.objectContaining({ code: 'unnamed-operations', weight: 'blocks' }))
  })
})

it('a finding whose effect changed tells what was proved at times, and no interval that excludes its own effect', () => {
  const half = (slower: number, seed: number) =>
    trafficOf({ ticks: 48, seed, operations: { 'GET /a': { stable: alike, canary: { ...alike, slower } } } })
  const later = half(0.5, 7).map((slice) => ({ ...slice, tick: slice.tick + 48 * 5000 }))
  const [finding] = judge([...half(2, 6), ...later], defaultPolicy, factsOf(96)).findings
  expect(finding!.interval).toMatchObject({ changed: true, upper: null })
})

describe('the gate', () => {
  it('judges operations below 5 % of traffic together, and one that stable never served not at all', () => {
    const operations = {
      'GET /': { stable: alike, canary: alike },
      'GET /a': { stable: { n: 8 }, canary: { n: 8 } },
      'GET /b': { stable: { n: 8 }, canary: { n: 8 } },
      'GET /new': { stable: { n: 0 }, canary: { n: 50 } },
    }
    const { findings } = judge(trafficOf({ ticks: 4, seed: 1, operations }), defaultPolicy, factsOf(4))
    expect([...new Set(findings.map((one) => one.operation))]).toEqual([null, 'GET /', '(other)'])
  })

  it('judges a service with one operation once, by name', () => {
    const { findings } = judge(
      trafficOf({ ticks: 4, seed: 1, operations: { 'GET /': { stable: alike, canary: alike } } }),
      defaultPolicy,
      factsOf(4),
    )
    expect(findings.map(({ scope, operation, metric }) => [scope, operation, metric])).toEqual([
      ['service', 'GET /', 'latency'],
      ['service', 'GET /', 'errors'],
      ['service', 'GET /', 'client-errors'],
    ])
  })

  it('names the flag whose variants differ where a route is worse', () => {
    const facts = factsOf(24)
    const flags = (variant: string) => [{ operation: 'GET /cart', flag: 'new-pricing', variant, requests: 90 }]
    const operations = {
      'GET /products': { stable: alike, canary: alike },
      'GET /cart': { stable: alike, canary: { ...alike, slower: 1.5 } },
    }
    const verdict = judge(trafficOf({ ticks: 24, seed: 1, operations }), defaultPolicy, {
      ...facts,
      stable: { ...facts.stable, flags: flags('off') },
      canary: { ...facts.canary, flags: flags('on') },
    })
    expect(verdict.reasons[0]!.message).toContain('with flag new-pricing=on (stable: off)')
    const cart = verdict.findings.find((one) => one.operation === 'GET /cart')!
    expect(cart.flags).toEqual([
      { flag: 'new-pricing', stable: { variant: 'off', share: 1 }, canary: { variant: 'on', share: 1 } },
    ])
    expect(verdict.findings.find((one) => one.operation === 'GET /products')!.flags).toEqual([])
  })
})

describe('a verdict', () => {
  const slices = trafficOf({
    ticks: 12,
    seed: 3,
    operations: {
      'GET /': { stable: { n: 60, errors: 0.02 }, canary: { n: 40, errors: 0.05 } },
      'GET /slow': { stable: { n: 30 }, canary: { n: 30, slower: 1.3 } },
    },
  })
  const whole = JSON.stringify(judge(slices, defaultPolicy, factsOf(12)))

  it('is the same, byte for byte, in any order of the slices', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(slices, { minLength: slices.length }), (shuffled) => {
        expect(JSON.stringify(judge(shuffled, defaultPolicy, factsOf(12)))).toBe(whole)
      }),
      { seed: 1, numRuns: 20 },
    )
  })

  it('is the same, byte for byte, however the slices are sharded', () => {
    const sharded = slices.flatMap((slice): Slice[] => {
      const { stable, canary } = slice
      if (stable.kind !== 'rate' || canary.kind !== 'rate') return [slice]
      const nothing = { kind: 'rate', n: 0, events: 0 } as const
      return [
        { ...slice, stable: { ...stable, n: stable.n - stable.events, events: 0 }, canary: nothing },
        { ...slice, stable: { ...stable, n: stable.events }, canary },
      ]
    })
    expect(JSON.stringify(judge(sharded, defaultPolicy, factsOf(12)))).toBe(whole)
  })

  it('is mirrored when the arms are swapped', () => {
    const swapped = slices.map((slice) => ({ ...slice, stable: slice.canary, canary: slice.stable }))
    const exact = policyOf({
      metrics: { latency: { margin: '0%' }, errors: { margin: '1' }, 'client-errors': { margin: '1' } },
    })
    const one = judge(slices, exact, factsOf(12)).findings.find((finding) => finding.operation === 'GET /slow')!
    const other = judge(swapped, exact, factsOf(12)).findings.find((finding) => finding.operation === 'GET /slow')!
    expect(other.interval.lower! * one.interval.upper!).toBeCloseTo(1, 1)
    expect(other.interval.upper! * one.interval.lower!).toBeCloseTo(1, 1)
  })

  it('does not change when all durations and the absolute margin are doubled', () => {
    const doubled = slices.map((slice): Slice => {
      const twice = (side: Slice['stable']): Slice['stable'] =>
        side.kind === 'distribution'
          ? { ...side, histogram: { ...side.histogram, indices: side.histogram.indices.map((index) => index + 32) } }
          : side
      return { ...slice, stable: twice(slice.stable), canary: twice(slice.canary) }
    })
    const policy = policyOf({ metrics: { latency: { margin: '10%,4ms' } } })
    const before = JSON.parse(whole) as Verdict
    const after = judge(doubled, policy, factsOf(12))
    expect(after.findings.map((one) => [one.decision, one.evidence])).toEqual(
      before.findings.map((one) => [one.decision, one.evidence]),
    )
  })

  it('is the same where it is judged step by step, one for each metric of each operation and more', () => {
    const steps = judgeInSteps(slices, defaultPolicy, factsOf(12))
    let taken = 0
    let step = steps.next()
    for (; !step.done; step = steps.next()) taken++
    expect(JSON.stringify(step.value.verdict)).toBe(whole)
    expect(taken).toBeGreaterThan(step.value.verdict.findings.length * 2)
  })

  it('conforms to its JSON Schema, whatever it says', () => {
    const verdicts = [
      JSON.parse(whole),
      shop({}, { ticks: 60 }),
      shop({ slower: 1.5 }),
      judge([], defaultPolicy, factsOf(4)),
    ]
    for (const verdict of verdicts) expect(conforms(verdict)).toBe(true)
    const outcomes = verdicts.map(({ verdict }) => verdict)
    expect(new Set(outcomes)).toEqual(new Set(['pass', 'fail', 'inconclusive', 'invalid']))
    expect(conforms({ ...verdicts[0], verdict: 'maybe' })).not.toBe(true)
  })
})
