// Latency in buckets that are wider than the margin. What is not known, where in its bucket a request lies, must never speak:
// neither against a canary that is as slow as the margin allows, nor for one that is slower. Seeded.
import { randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { factsOf, firstTick } from '../../test/slices.ts'
import { judge } from '../judge.ts'
import { metricPolicyOf } from '../policy/metric-policy.ts'
import { defaultPolicy, type Policy } from '../policy/policy.ts'
import type { Side, Slice } from '../slice.ts'
import type { Outcome } from '../verdict/outcome.ts'

/** Of the span metrics connector, and of the semantic conventions, in seconds. */
const connector = [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10000, 15000].map((ms) => ms / 1000)
const conventions = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000].map((ms) => ms / 1000)

type Draw = (random: () => number) => number
const lognormal =
  (median: number, sigma: number): Draw =>
  (random) =>
    median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))
/** All values just below a bound, so that a hair more puts them in the next bucket. */
const below =
  (bounds: readonly number[]): Draw =>
  (random) =>
    bounds[3 + Math.floor(4 * random())]! * (1 - 1e-6)
const slower =
  (draw: Draw, ratio: number): Draw =>
  (random) =>
    ratio * draw(random)
/** Slower by exactly the margin of 10 % or 2 ms. */
const atMargin =
  (draw: Draw): Draw =>
  (random) => {
    const value = draw(random)
    return Math.max(1.1 * value, value + 0.002)
  }

interface Traffic {
  readonly bounds: readonly number[]
  readonly stable: Draw
  readonly canary: Draw
  readonly cells?: number
}

const latencyAlone = (margin: string): Policy => ({
  ...defaultPolicy,
  metrics: [metricPolicyOf('latency', { margin })],
})

/** Requests a cell: 90 of stable's, 30 of the canary's. */
function slicesOf({ bounds, stable, canary, cells = 30 }: Traffic, seed: number): Slice[] {
  const random = randomOf(seed)
  const side = (n: number, draw: Draw): Side => {
    const counts = Array<number>(bounds.length + 1).fill(0)
    for (let at = 0; at < n; at += 1) {
      const value = draw(random)
      const index = bounds.findIndex((bound) => value <= bound)
      counts[index < 0 ? bounds.length : index]! += 1
    }
    const indices = counts.flatMap((count, at) => (count > 0 ? [at] : []))
    const histogram = { scale: 0, zero: 0, indices, counts: indices.map((at) => counts[at]!) }
    return { kind: 'distribution', n, histogram, bounds }
  }
  return Array.from({ length: cells }, (_, at): Slice[] => {
    const cell = { tick: firstTick + at * 60_000, operation: 'GET /' }
    return [
      { ...cell, metric: 'latency', stable: side(90, stable), canary: side(30, canary) },
      { ...cell, metric: 'requests', stable: { kind: 'count', n: 90 }, canary: { kind: 'count', n: 30 } },
    ]
  }).flat()
}

function shareOf(outcome: Outcome, traffic: Traffic, margin: string, runs: number): number {
  const policy = latencyAlone(margin)
  const facts = factsOf(traffic.cells ?? 30)
  const verdicts = Array.from({ length: runs }, (_, seed) => judge(slicesOf(traffic, seed + 1), policy, facts).verdict)
  return verdicts.filter((verdict) => verdict === outcome).length / runs
}

const runs = 80
const mostByChance = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)

describe('a canary at the margin, in buckets that are wider', () => {
  it.each([
    ['lognormal, connector', connector, lognormal(0.06, 0.6)],
    ['lognormal, conventions', conventions, lognormal(0.06, 0.6)],
    ['just below the bounds, connector', connector, below(connector)],
    ['just below the bounds, conventions', conventions, below(conventions)],
    ['mostly in the first bucket', connector, lognormal(0.001, 0.6)],
  ])('%s: is seldom failed', (_name, bounds, stable) => {
    expect(shareOf('fail', { bounds, stable, canary: atMargin(stable) }, '10%,2ms', runs)).toBeLessThan(mostByChance)
  })

  it.each([
    ['lognormal', connector, lognormal(0.06, 0.6)],
    ['just above the bounds', connector, slower(below(connector), 1 + 2e-6)],
  ])('%s: is seldom passed, where the margin is wide enough that any could be', (_name, bounds, stable) => {
    const traffic = { bounds, stable, canary: slower(stable, 2) }
    expect(shareOf('pass', traffic, '100%', runs)).toBeLessThan(mostByChance)
  })

  it('keeps its level at no margin, where ties are most of what there is', () => {
    const stable = lognormal(0.06, 0.6)
    expect(shareOf('fail', { bounds: connector, stable, canary: stable }, '0%', runs)).toBeLessThan(mostByChance)
  })
})

describe('what such buckets can still show', () => {
  const stable = lognormal(0.06, 0.6)

  it.each([
    ['three times slower, whatever the margin', 3, '10%,2ms', 'fail'],
    ['a quarter slower, where none is allowed', 1.25, '0%', 'fail'],
    ['a quarter slower, where a tenth is allowed: not known', 1.25, '10%,2ms', 'inconclusive'],
    ['like stable, where a tenth is allowed: not known', 1, '10%,2ms', 'inconclusive'],
    ['like stable, where five times as slow is allowed', 1, '400%', 'pass'],
  ] as const)('%s', (_name, ratio, margin, outcome) => {
    const traffic = { bounds: connector, stable, canary: slower(stable, ratio), cells: 120 }
    expect(shareOf(outcome, traffic, margin, 5)).toBe(1)
  })
})
