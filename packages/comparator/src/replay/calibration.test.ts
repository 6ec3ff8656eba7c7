import { countOf, randomOf } from '@coalmine/stats'
import { describe, expect, it } from 'vitest'
import { trafficOf } from '../../test/slices.ts'
import { defaultPolicy, parsePolicy } from '../policy/policy.ts'
import type { Side } from '../slice.ts'
import { calibrationRow } from './calibration.ts'
import { cellsOf, type TrafficCell } from './cells.ts'
import { type Effect, parseEffect } from './effect.ts'
import { type InstanceTraffic, replayInstances } from './placebo.ts'
import { finished } from './plan.ts'
import { dealt, replaySplits } from './split.ts'

const cells = cellsOf(
  trafficOf({ ticks: 120, seed: 1, operations: { 'GET /': { stable: { n: 300, errors: 0.01 }, canary: { n: 0 } } } }),
)
const asked = { share: 0.2, effect: null, forSeconds: 300, seed: 1 }

function rowOf(effect: Effect | null, count: number, policy = defaultPolicy) {
  return calibrationRow(effect, finished(replaySplits(cells, policy, { ...asked, effect }, 0, count)))
}

function policyOf(metrics: object) {
  const result = parsePolicy({ metrics })
  if (result.kind !== 'policy') throw new Error('expected a policy')
  return result.policy
}

describe('replays of a random split', () => {
  it('keep their level at no margin at all, and tell how sure that is', () => {
    const strict = policyOf({ latency: { margin: '0%' }, errors: { margin: '1' }, 'client-errors': 'off' })
    const row = rowOf(null, 60, strict)
    expect(row.failed).toBeLessThanOrEqual(8)
    expect(row.share.lower).toBeLessThanOrEqual(row.share.value)
    expect(row.share.upper).toBeGreaterThan(row.share.value)
  })

  it('find what is put in, the larger the sooner', () => {
    const [small, large] = ['latency=25%', 'latency=100%'].map((text) => rowOf(parseEffect(text), 12))
    expect(large).toMatchObject({ effect: 'latency +100 %', replays: 12, failed: 12 })
    expect(large!.failedBy.half!).toBeLessThan(small!.failedBy.half ?? Number.POSITIVE_INFINITY)
    expect(rowOf(parseEffect('errors=x10'), 12).failed).toBe(12)
  })

  it('are the same again, in one go or in several', () => {
    const replay = (first: number, count: number) => finished(replaySplits(cells, defaultPolicy, asked, first, count))
    expect([...replay(0, 2), ...replay(2, 3)]).toEqual(replay(0, 5))
  })

  it('deal out every trace, with its latency, its error and its client error', () => {
    const cell = { ...cells[0]!, clientErrors: 12 }
    const slices = dealt(cell, 0.3, null, { errors: 0.01, clientErrors: 0.04 }, randomOf(2))
    const sum = (metric: string, of: (side: Side) => number): number => {
      const { stable, canary } = slices.find((slice) => slice.metric === metric)!
      return of(stable) + of(canary)
    }
    expect(sum('requests', ({ n }) => n)).toBe(cell.requests)
    expect(sum('errors', ({ n }) => n)).toBe(cell.traces)
    expect(sum('errors', (side) => (side.kind === 'rate' ? side.events : 0))).toBe(cell.errors)
    expect(sum('client-errors', (side) => (side.kind === 'rate' ? side.events : 0))).toBe(12)
    const values = (side: Side): number => (side.kind === 'distribution' ? countOf(side.histogram) : 0)
    expect(sum('latency', values)).toBe(countOf(cell.latency))
  })
})

describe('instances', () => {
  function instancesOf(slower: readonly number[]): InstanceTraffic[] {
    return slower.flatMap((times, at) => {
      const stable = { n: 80, errors: 0.01, slower: times }
      const traffic = trafficOf({ ticks: 60, seed: 10 + at, operations: { 'GET /': { stable, canary: { n: 0 } } } })
      return cellsOf(traffic).map((cell: TrafficCell) => ({ ...cell, instance: `pod-${at}` }))
    })
  }
  const policy = policyOf({ latency: { margin: '10%' }, 'client-errors': 'off' })

  it('that are alike do not fail each other, and the smallest margins hold', () => {
    const placebo = finished(replayInstances(instancesOf([1, 1, 1, 1]), policy, 300))!
    expect(placebo).toMatchObject({ instances: 4, replays: 4, failed: 0, outOfLine: [] })
    expect(placebo.margins[0]).toMatchObject({ metric: 'latency', now: '10%,0ms' })
    expect(Number.parseFloat(placebo.margins[0]!.holds!)).toBeLessThanOrEqual(5)
  })

  it('of which one is slow: it is named, and a margin that is wide enough', () => {
    const placebo = finished(replayInstances(instancesOf([1, 1, 1, 1.4]), policy, 300))!
    expect(placebo.outOfLine).toEqual([{ instance: 'pod-3', failed: 1 }])
    expect(Number.parseFloat(placebo.margins[0]!.holds!)).toBeGreaterThan(15)
  })

  it('are too few to tell with two', () => {
    expect(finished(replayInstances(instancesOf([1, 2]), policy, 300))).toBe(null)
  })
})

it('sums up answers: shares with their interval, times that are not there as null', () => {
  const answers = [
    { failed: 10, passed: null },
    { failed: 30, passed: null },
    { failed: null, passed: 60 },
    { failed: null, passed: null },
  ]
  expect(calibrationRow(null, answers)).toMatchObject({
    failed: 2,
    share: { value: 0.5 },
    failedBy: { half: 30, nineOfTen: null },
    passed: 1,
    passedBy: { half: null, nineOfTen: null },
  })
  // Wilson's interval, as R's prop.test(0, 200, correct = FALSE) gives it.
  const none = calibrationRow(null, Array(200).fill({ failed: null, passed: null }))
  expect(none.share.lower).toBe(0)
  expect(none.share.upper).toBeCloseTo(0.0188453, 6)
})
