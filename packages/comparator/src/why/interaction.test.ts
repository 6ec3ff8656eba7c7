import { randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { type Arm, trafficOf } from '../../test/slices.ts'
import type { Finding } from '../finding.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import type { Side, Slice } from '../slice.ts'
import type { FlagTraffic } from './four-cells.ts'
import { type Carries, interactionsOf, notSeparable } from './interaction.ts'

const errors = metricPolicyOf('errors', {})
const latency = metricPolicyOf('latency', {})

function findingOf(more: Partial<Finding>): Finding {
  return {
    metric: 'errors',
    operation: 'checkout',
    part: 'rate',
    statistic: 'share of requests',
    unit: 'share',
    ...more,
  } as Finding
}

const failing = findingOf({})
const slow = findingOf({ metric: 'latency', part: 'typical', statistic: 'p50', unit: 'seconds' })

/** Traffic of the four cells: stable and canary, with the flag off and on. */
function traffic(stable: readonly [Arm, Arm], canary: readonly [Arm, Arm], ticks = 60, seed = 3): FlagTraffic {
  const operation = 'checkout'
  const withVariant = (at: 0 | 1): Slice[] =>
    trafficOf({ ticks, seed: seed + at, operations: { [operation]: { stable: stable[at], canary: canary[at] } } })
  return { flag: 'new-pricing', variants: ['off', 'on'], slices: [withVariant(0), withVariant(1)] }
}

const failingAt = (errors: number): Arm => ({ n: 200, errors })
const slowBy = (slower: number): Arm => ({ n: 100, slower })
const [low, high, higher] = [failingAt(0.02), failingAt(0.08), failingAt(0.14)]
const [usual, longer, longest] = [slowBy(1), slowBy(1.5), slowBy(2.25)]

describe('what carries a regression', () => {
  it.each<[string, Carries, Finding, FlagTraffic, string]>([
    [
      'errors of the canary',
      'canary',
      failing,
      traffic([low, low], [high, high]),
      'The canary is the cause on checkout, whatever new-pricing is: with new-pricing=on ',
    ],
    [
      'errors of the flag',
      'flag',
      failing,
      traffic([low, high], [low, high]),
      'Flag new-pricing is the cause on checkout, in both cohorts: new-pricing=on against new-pricing=off is ',
    ],
    [
      'errors of both',
      'both',
      failing,
      traffic([low, high], [high, higher]),
      'Flag new-pricing and the canary each cause a part of it on checkout: from ',
    ],
    [
      'errors of the two together',
      'combination',
      failing,
      traffic([low, low], [low, high]),
      'Only the canary together with new-pricing=on causes it on checkout: ',
    ],
    [
      'errors of the canary with the first variant',
      'combination',
      failing,
      traffic([low, low], [high, low]),
      'Only the canary together with new-pricing=off causes it on checkout: ',
    ],
    [
      'errors of none',
      'not-settled',
      failing,
      traffic([low, low], [low, low]),
      'Whether flag new-pricing plays a part on checkout is not settled yet',
    ],
    ['latency of the canary', 'canary', slow, traffic([usual, usual], [longer, longer]), ' median '],
    ['latency of the flag', 'flag', slow, traffic([usual, longer], [usual, longer]), ' median '],
    ['latency of both', 'both', slow, traffic([usual, longer], [longer, longest]), ' median '],
    ['latency of the two together', 'combination', slow, traffic([usual, usual], [usual, longer]), ' median '],
    [
      'the slowest of the two together',
      'combination',
      { ...slow, part: 'slowest 1 %', statistic: 'p99' },
      traffic([usual, usual], [usual, { n: 100, tail: { share: 0.05, times: 20 } }]),
      ' p99 ',
    ],
  ])('%s: %s', (_name, carries, finding, cells, message) => {
    const [found] = interactionsOf([cells], finding, finding.metric === 'errors' ? errors : latency)
    expect(found).toMatchObject({ carries, flag: 'new-pricing', variants: ['off', 'on'], operation: 'checkout' })
    expect(found!.message).toContain(message)
    expect(found!.cells.map(({ cohort, variant }) => `${cohort} ${variant}`)).toEqual([
      'stable off',
      'stable on',
      'canary off',
      'canary on',
    ])
  })

  it('shows each cell and each effect in the unit of the finding', () => {
    const [found] = interactionsOf([traffic([usual, usual], [usual, longer])], slow, latency)
    const [stableOff, , , canaryOn] = found!.cells
    expect(stableOff).toMatchObject({ count: expect.closeTo(6000, -3), events: null })
    expect(canaryOn!.value! / stableOff!.value!).toBeCloseTo(1.5, 1)
    expect(found!.effects).toMatchObject({ kind: 'ratio', level: 0.005, variant: 'on' })
    expect(found!.effects!.together.value).toBeCloseTo(1.5, 1)
    expect(found!.effects!.together.lower).toBeGreaterThan(1.3)
    expect(found!.effects!.canary.upper).toBeLessThan(1.1)
    const [rates] = interactionsOf([traffic([low, low], [low, high])], failing, errors)
    expect(rates!.effects).toMatchObject({ kind: 'difference' })
    expect(rates!.effects!.together.value).toBeCloseTo(0.06, 1)
    expect(rates!.cells[3]!.events).toBeGreaterThan(800)
  })

  it('says what is proved so far where it is not settled', () => {
    const [found] = interactionsOf([traffic([low, low], [failingAt(0.04), high], 6)], failing, errors)
    expect(found).toMatchObject({
      carries: 'not-settled',
      message: expect.stringContaining('Proved so far: with new-pricing=on the canary is worse'),
    })
  })

  it('cannot be told where a cell has no requests', () => {
    const [found] = interactionsOf([traffic([low, low], [low, failingAt(0)])].map(withoutCanaryOn), failing, errors)
    expect(found).toMatchObject({ carries: 'not-settled', effects: null })
    expect(found!.message).toContain(
      'cannot be told: there are no requests of both cohorts with both variants at the same time.',
    )
  })

  it('joins ticks until each cell has some requests', () => {
    const one = (n: number, events: number): Side => ({ kind: 'rate', n, events })
    const slices = (events: number, canary: number): Slice[] =>
      Array.from({ length: 400 }, (_, at) => ({
        tick: at * 5000,
        operation: 'checkout',
        metric: 'errors',
        stable: one(at % 2, 0),
        canary: one((at + 1) % 2, at % 3 === 0 ? events * ((at + 1) % 2) : canary),
      }))
    const cells: FlagTraffic = { flag: 'new-pricing', variants: ['off', 'on'], slices: [slices(0, 0), slices(1, 0)] }
    expect(interactionsOf([cells], failing, errors)[0]).toMatchObject({ carries: 'combination' })
  })

  it('of a number of which less is worse, is told in its own direction', () => {
    const revenue = metricPolicyOf('revenue', { attribute: 'app.revenue', worse: 'lower' })
    const named = (slices: readonly Slice[]): Slice[] =>
      slices.filter(({ metric }) => metric === 'latency').map((slice) => ({ ...slice, metric: 'revenue' }))
    const { slices, ...rest } = traffic([usual, usual], [usual, slowBy(0.6)])
    const finding = { ...slow, metric: 'revenue', unit: 'number' } as Finding
    const [found] = interactionsOf([{ ...rest, slices: [named(slices[0]), named(slices[1])] }], finding, revenue)
    expect(found!.carries).toBe('combination')
    expect(found!.effects!.together.value).toBeCloseTo(0.6, 1)
    expect(found!.effects!.together.upper).toBeLessThan(0.75)
  })

  it('cannot be told where each cohort has a variant of its own', () => {
    expect(notSeparable('new-pricing', ['off', 'on'], 'service.version=2.0.0', failing)).toMatchObject({
      carries: 'not-separable',
      message:
        'The cause may be service.version=2.0.0 or new-pricing=on: all of the canary has that variant, and none of stable does. To find out which, give part of the canary new-pricing=off.',
    })
  })

  it('asks more of each flag the more flags there are', () => {
    const cells = traffic([low, low], [low, high], 5)
    const names = (flags: number): Carries => interactionsOf(Array(flags).fill(cells), failing, errors)[0]!.carries
    expect(names(1)).toBe('combination')
    expect(names(60)).toBe('not-settled')
  })

  it('does not see the order of the slices', () => {
    const cells = traffic([usual, longer], [longer, longest], 12)
    const random = randomOf(1)
    const shuffled = (slices: readonly Slice[]): Slice[] =>
      slices
        .map((slice) => ({ slice, at: random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ slice }) => slice)
    const mixed: FlagTraffic = { ...cells, slices: [shuffled(cells.slices[0]), shuffled(cells.slices[1])] }
    expect(interactionsOf([mixed], slow, latency)).toEqual(interactionsOf([cells], slow, latency))
  })
})

function withoutCanaryOn(cells: FlagTraffic): FlagTraffic {
  const none = (slice: Slice): Slice => ({ ...slice, canary: { kind: 'rate', n: 0, events: 0 } })
  return { ...cells, slices: [cells.slices[0], cells.slices[1].filter(({ metric }) => metric === 'errors').map(none)] }
}
