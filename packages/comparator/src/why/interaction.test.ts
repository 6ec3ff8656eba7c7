import { describe, expect, it } from 'vitest'
import { type Arm, factsOf, trafficOf } from '../../test/slices.ts'
import type { Decision } from '../finding.ts'
import { judge } from '../judge.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import type { Side, Slice } from '../slice.ts'
import { pValueOf } from '../verdict/evidence.ts'
import {
  type Carries,
  type Contrast,
  carriedBy,
  type FlagContrasts,
  interactionsOf,
  notSeparable,
} from './interaction.ts'

const on = 'checkout'
const focus = { metric: 'errors', operation: on }
const parsed = parsePolicy({ metrics: { latency: 'off', '4xx': 'off' } })
const policy = (parsed as { policy: Policy }).policy

/** Error rates of stable and canary, with the flag off and on. */
interface Rates {
  readonly stable: readonly [number, number]
  readonly canary: readonly [number, number]
}

/** Traffic of the four cells, and each part of the comparison judged on it. */
function contrastsOf(
  { stable, canary }: Rates,
  { ticks, n, seed }: { ticks: number; n: number; seed: number },
): FlagContrasts {
  const arm = (errors: number): Arm => ({ n, errors })
  const slices = trafficOf({
    ticks,
    seed,
    operations: {
      off: { stable: arm(stable[0]), canary: arm(canary[0]) },
      on: { stable: arm(stable[1]), canary: arm(canary[1]) },
    },
  })
  const cell = (variant: 'off' | 'on', cohort: 'stable' | 'canary') =>
    slices
      .filter(({ operation, metric }) => operation === variant && (metric === 'errors' || metric === 'requests'))
      .map((slice) => slice[cohort])
  const times = slices.filter(
    ({ operation, metric }) => operation === 'off' && (metric === 'errors' || metric === 'requests'),
  )
  const contrast = (one: readonly Side[], other: readonly Side[]): Contrast => {
    const pairs: Slice[] = times.map(({ tick, metric }, i) => ({
      tick,
      metric,
      operation: on,
      stable: one[i]!,
      canary: other[i]!,
    }))
    return { stable: 'a', canary: 'b', finding: judge(pairs, policy, factsOf(ticks)).findings[0]! }
  }
  const [stableOff, stableOn] = [cell('off', 'stable'), cell('on', 'stable')]
  const [canaryOff, canaryOn] = [cell('off', 'canary'), cell('on', 'canary')]
  return {
    flag: 'new-pricing',
    variants: ['off', 'on'],
    atFirst: contrast(stableOff, canaryOff),
    atSecond: contrast(stableOn, canaryOn),
    inStable: contrast(stableOff, stableOn),
    inCanary: contrast(canaryOff, canaryOn),
    inStableReversed: contrast(stableOn, stableOff),
    inCanaryReversed: contrast(canaryOn, canaryOff),
  }
}

const low = 0.02
const high = 0.08
const truths: Record<string, Rates> = {
  none: { stable: [low, low], canary: [low, low] },
  canary: { stable: [low, low], canary: [high, high] },
  flag: { stable: [low, high], canary: [low, high] },
  both: { stable: [low, high], canary: [high, 0.3] },
  combination: { stable: [low, low], canary: [low, high] },
  combinationWithFirst: { stable: [low, low], canary: [high, low] },
}

describe('what carries a regression', () => {
  it.each<[string, Carries, string]>([
    ['canary', 'canary', 'The canary carries it on checkout, whatever new-pricing is: with new-pricing=on '],
    [
      'flag',
      'flag',
      'Flag new-pricing carries it on checkout, in both cohorts: new-pricing=on against new-pricing=off is ',
    ],
    ['both', 'both', 'Flag new-pricing and the canary each carry a part of it on checkout'],
    ['combination', 'combination', 'Only the canary together with new-pricing=on carries it on checkout'],
    ['combinationWithFirst', 'combination', 'Only the canary together with new-pricing=off carries it on checkout'],
    ['none', 'not-settled', 'Whether flag new-pricing has a part in it on checkout is not settled.'],
  ])('%s: %s', (truth, carries, message) => {
    const contrasts = contrastsOf(truths[truth]!, { ticks: 60, n: 200, seed: 3 })
    const [found] = interactionsOf([contrasts], focus, 0.05)
    expect(found).toMatchObject({ carries, flag: 'new-pricing', variants: ['off', 'on'], ...focus })
    expect(found!.message).toContain(message)
    expect(found!.comparisons).toHaveLength(6)
  })

  it('says what is proved so far where it is not settled', () => {
    const contrasts = contrastsOf(truths['combination']!, { ticks: 10, n: 200, seed: 3 })
    expect(interactionsOf([contrasts], focus, 0.05)[0]).toMatchObject({
      carries: 'not-settled',
      message: expect.stringContaining(
        'Proved so far: with new-pricing=on the canary is worse, in the canary new-pricing=on is worse than new-pricing=off.',
      ),
    })
  })

  it('is not settled where cohorts share no traffic', () => {
    const contrasts = contrastsOf(truths['canary']!, { ticks: 20, n: 200, seed: 3 })
    const apart = { ...contrasts, atFirst: { ...contrasts.atFirst, finding: null } }
    expect(interactionsOf([apart], focus, 0.05)[0]).toMatchObject({
      carries: 'not-settled',
      comparisons: [{ decision: 'inconclusive', sides: null }, {}, {}, {}, {}, {}],
    })
  })

  it('cannot be told where each cohort has a variant of its own', () => {
    expect(notSeparable('new-pricing', ['off', 'on'], 'service.version=2.0.0', focus)).toMatchObject({
      carries: 'not-separable',
      message:
        'Whether it is service.version=2.0.0 or new-pricing=on cannot be told: the canary has it, stable has not. Give part of the canary new-pricing=off.',
    })
  })
})

it('asks more of each part the more flags there are', () => {
  const contrasts = contrastsOf(truths['combination']!, { ticks: 60, n: 200, seed: 3 })
  const needed = -Math.log(pValueOf(contrasts.atSecond.finding!.evidence.worse))
  const alone = Math.exp(-needed) * 6.0001
  expect(interactionsOf([contrasts], focus, alone)[0]!.comparisons[1]!.decision).toBe('fail')
  const idle = { ...contrastsOf(truths['none']!, { ticks: 5, n: 50, seed: 3 }), flag: 'other' }
  expect(interactionsOf([contrasts, idle], focus, alone)[0]!.comparisons[1]!.decision).not.toBe('fail')
})

describe('of every possible outcome of the parts', () => {
  const decisions = ['fail', 'pass', 'inconclusive'] as const
  const names = ['atFirst', 'atSecond', 'inStable', 'inCanary', 'inStableReversed', 'inCanaryReversed'] as const
  const outcomes = Array.from({ length: 3 ** names.length }, (_, code) =>
    Object.fromEntries(names.map((name, place) => [name, decisions[Math.floor(code / 3 ** place) % 3]!])),
  ) as Record<(typeof names)[number], Decision>[]

  it('each claim has the parts that it speaks of', () => {
    for (const one of outcomes) {
      const carried = carriedBy(one)
      if (carried.by === 'canary' || carried.by === 'both') expect([one.atFirst, one.atSecond]).toContain('fail')
      if (carried.by === 'flag' || carried.by === 'both') expect([one.inStable, one.inCanary]).toEqual(['fail', 'fail'])
      if (carried.by === 'combination')
        expect(carried.variant === 1 ? [one.atFirst, one.atSecond] : [one.atSecond, one.atFirst]).toEqual([
          'pass',
          'fail',
        ])
    }
  })

  it('blaming only the combination takes all four of its parts: not knowing one of them withdraws it', () => {
    for (const one of outcomes) {
      const carried = carriedBy(one)
      if (carried.by !== 'combination') continue
      const reversed = carried.variant === 0
      const needed = [...names.slice(0, 2), ...(reversed ? names.slice(4) : names.slice(2, 4))]
      for (const name of needed) expect(carriedBy({ ...one, [name]: 'inconclusive' }).by).toBe('not-settled')
    }
  })
})

// 100 seeded runs of each truth; "only the combination" is a claim that may be false in alphaPass of them.
it.each(['none', 'canary', 'flag', 'both'])('falsely blames only the combination in few runs: %s', (truth) => {
  const runs = 100
  const claims = Array.from({ length: runs }, (_, seed) => {
    const contrasts = contrastsOf(truths[truth]!, { ticks: 12, n: 150, seed: seed + 1 })
    return interactionsOf([contrasts], focus, 0.05)[0]!.carries
  })
  const share = (carries: Carries): number => claims.filter((one) => one === carries).length / runs
  expect(share('combination')).toBeLessThanOrEqual(0.05)
  for (const other of ['canary', 'flag', 'both'] as const)
    if (other !== truth && truth !== 'both') expect(share(other)).toBeLessThanOrEqual(0.05)
})
