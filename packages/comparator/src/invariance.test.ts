// What must not be seen in a verdict: the order of the input, its sharding, and the unit of its values. With every metric there is.
import { type Histogram, histogramOf } from '@coalmine/stats'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { factsOf, firstTick, randomOf } from '../test/slices.ts'
import type { Finding } from './finding.ts'
import { judge } from './judge.ts'
import { type Policy, parsePolicy } from './policy/policy.ts'
import type { Side, Slice } from './slice.ts'

const ticks = 8

const policy = (absolute = '2ms', mode: 'sequential' | 'fixed' = 'sequential'): Policy => {
  const result = parsePolicy({
    split: '30%',
    mode,
    metrics: {
      latency: { margin: `10%,${absolute}` },
      cost: { attribute: 'app.cost' },
      score: { attribute: 'app.score', worse: 'lower', expect: 'same' },
      queries: { calls: 'db.system.name=postgresql' },
      cached: { share: 'app.cached=true', worse: 'lower' },
      throughput: true,
    },
  })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.policy
}

/** Three operations of unequal traffic; the canary of one is slower, dearer and fails more often. */
function slicesOf(seed: number): Slice[] {
  const random = randomOf(seed)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const slices: Slice[] = []
  for (let at = 0; at < ticks; at += 1) {
    for (const [operation, size, worse] of [
      ['GET /a', 120, 1.6],
      ['GET /b', 40, 1],
      ['GET /c', 5, 1],
    ] as const) {
      const tick = firstTick + at * 5000
      const n = { stable: Math.round(size * (0.5 + random())), canary: Math.round(0.4 * size * (0.5 + random())) }
      const numbers = (zeros: number, times: number) => (arm: 'stable' | 'canary') => ({
        kind: 'distribution' as const,
        n: n[arm],
        histogram: histogramOf(
          Array.from({ length: n[arm] }, () =>
            random() < zeros ? 0 : 0.02 * (arm === 'canary' ? times : 1) * Math.exp(0.5 * normal()),
          ),
        ),
      })
      const rates = (p: number, times: number) => (arm: 'stable' | 'canary') => ({
        kind: 'rate' as const,
        n: n[arm],
        events: Array.from({ length: n[arm] }, random).filter((u) => u < p * (arm === 'canary' ? times : 1)).length,
      })
      const add = (metric: string, side: (arm: 'stable' | 'canary') => Side): void => {
        slices.push({ tick, operation, metric, stable: side('stable'), canary: side('canary') })
      }
      add('requests', (arm) => ({ kind: 'count', n: n[arm] }))
      add('latency', numbers(0, worse))
      add('errors', rates(0.03, worse * worse))
      add('client-errors', rates(0.1, 1))
      add('cost', numbers(0.3, worse))
      add('score', numbers(0, 1))
      add('queries', numbers(0.8, 1))
      add('cached', rates(0.6, 1))
    }
  }
  return slices
}

const slices = slicesOf(1)

/** A slice in two, by how much of each count goes to the first. */
function halves(slice: Slice, part: number): Slice[] {
  const first = (count: number): number => Math.floor(count * part)
  const rest = (count: number): number => count - first(count)
  const half = (side: Side, of: (count: number) => number): Side => {
    switch (side.kind) {
      case 'count':
        return { kind: 'count', n: of(side.n) }
      case 'rate': {
        // As many of the rest have to be without the event.
        const events = of(side.events)
        return { kind: 'rate', n: events + of(side.n - side.events), events }
      }
      case 'distribution': {
        const histogram: Histogram = {
          ...side.histogram,
          zero: of(side.histogram.zero),
          counts: side.histogram.counts.map(of),
        }
        const n = histogram.counts.reduce((sum, count) => sum + count, histogram.zero)
        return { kind: 'distribution', n, histogram }
      }
    }
  }
  return [first, rest].map((of) => ({ ...slice, stable: half(slice.stable, of), canary: half(slice.canary, of) }))
}

it.each(['sequential', 'fixed'] as const)(
  '%s: any order and any sharding give the same verdict, byte for byte',
  (mode) => {
    const judged = (some: readonly Slice[]): string => JSON.stringify(judge(some, policy('2ms', mode), factsOf(ticks)))
    const whole = judged(slices)
    expect(JSON.parse(whole).verdict).toBe('fail')
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
        fc.nat(),
        (parts, seed) => {
          const random = randomOf(seed)
          const sharded = slices.flatMap((slice, at) => (at % 3 === 0 ? [slice] : halves(slice, parts[at % 9]!)))
          const shuffled = sharded
            .map((slice) => ({ slice, place: random() }))
            .sort((a, b) => a.place - b.place)
            .map(({ slice }) => slice)
          expect(judged(shuffled)).toBe(whole)
        },
      ),
      { seed: 1, numRuns: 12 },
    )
  },
)

it.each([
  ['four times', 2, '8ms'],
  ['half', -1, '1ms'],
])('every value %s as large, and the absolute margin with them: the same verdict', (_, doublings, absolute) => {
  // Whole doublings move each bucket by as many buckets, so nothing is rounded.
  const moved = (side: Side): Side =>
    side.kind === 'distribution'
      ? { ...side, histogram: { ...side.histogram, indices: side.histogram.indices.map((at) => at + 32 * doublings) } }
      : side
  const larger = slices.map((slice) => ({ ...slice, stable: moved(slice.stable), canary: moved(slice.canary) }))
  const before = judge(slices, policy(), factsOf(ticks))
  const after = judge(larger, policy(absolute), factsOf(ticks))
  expect(after.verdict).toBe(before.verdict)
  const told = ({ metric, operation, decision, evidence, effect, interval }: Finding): unknown => ({
    metric,
    operation,
    decision,
    evidence,
    effect: effect.value?.toPrecision(9),
    interval,
  })
  expect(after.findings.map(told)).toEqual(before.findings.map(told))
})

it('the names of the operations have no say', () => {
  const names: Record<string, string> = { 'GET /a': 'z', 'GET /b': 'm', 'GET /c': 'a' }
  const renamed = slices.map((slice) => ({ ...slice, operation: names[slice.operation]! }))
  const before = judge(slices, policy(), factsOf(ticks))
  const after = judge(renamed, policy(), factsOf(ticks))
  const told = ({ metric, scope, decision, evidence }: Finding): string =>
    JSON.stringify({ metric, scope, decision, evidence }, (_key, value) =>
      typeof value === 'number' ? Number(value.toPrecision(5)) : value,
    )
  expect(after.findings.map(told).sort()).toEqual(before.findings.map(told).sort())
})
