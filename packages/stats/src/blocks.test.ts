import { expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'
import { histogramOf } from './histogram.ts'

const rate = (n: number, events = 0) => ({ n, events })

test('ticks are joined until both arms are there and together hold enough', () => {
  const ticks = [
    { tick: 0, stable: rate(15, 1), canary: rate(0) },
    { tick: 5, stable: rate(15, 2), canary: rate(2, 1) },
    { tick: 10, stable: rate(10), canary: rate(9) },
    { tick: 15, stable: rate(0), canary: rate(1) },
    { tick: 20, stable: rate(30), canary: rate(5) },
  ]
  expect(blocksOf(ticks, 20)).toEqual([
    { tick: 5, stable: rate(30, 3), canary: rate(2, 1) },
    { tick: 15, stable: rate(10), canary: rate(10) },
    { tick: 20, stable: rate(30), canary: rate(5) },
  ])
})

test('histograms are merged, and a busy tick stays what it is', () => {
  const busy = { tick: 10, stable: histogramOf([1, 2, 3]), canary: histogramOf([2]) }
  const blocks = blocksOf(
    [
      { tick: 0, stable: histogramOf([1]), canary: histogramOf([]) },
      { tick: 5, stable: histogramOf([1]), canary: histogramOf([3, 4]) },
      busy,
    ],
    4,
  )
  expect(blocks).toEqual([
    { tick: 5, stable: histogramOf([1, 1]), canary: histogramOf([3, 4]), sizes: { stable: 2, canary: 2 } },
    { ...busy, sizes: { stable: 3, canary: 1 } },
  ])
})

test('what is not enough yet is no block, and joins later ticks', () => {
  const quiet = Array.from({ length: 7 }, (_, tick) => ({ tick, stable: rate(9), canary: rate(1) }))
  expect(blocksOf(quiet.slice(0, 1), 20)).toEqual([])
  expect(blocksOf(quiet, 20).map(({ tick }) => tick)).toEqual([1, 3, 5])
  expect(blocksOf([], 20)).toEqual([])
})

test('with little traffic a block waits no longer than it has patience, for fewer', () => {
  const quiet = Array.from({ length: 30 }, (_, at) => ({ tick: 60 * at, stable: rate(1), canary: rate(at % 2) }))
  const patient = { ms: 240, fewest: 6 }
  expect(blocksOf(quiet, 20).map(({ tick }) => tick)).toEqual([780, 1620])
  const blocks = blocksOf(quiet, 20, patient)
  expect(blocks.map(({ stable, canary }) => stable.n + canary.n)).toEqual([7, 8, 7, 8, 7, 8])
  // Too few are still no block, however long they take.
  expect(blocksOf(quiet, 20, { ms: 240, fewest: 20 }).map(({ tick }) => tick)).toEqual(
    blocksOf(quiet, 20).map(({ tick }) => tick),
  )
})

test('the outcomes have no say in where a block ends', () => {
  const ticks = (events: number) =>
    Array.from({ length: 9 }, (_, tick) => ({ tick, stable: rate(6, events), canary: rate(3, 3 - events) }))
  const ends = (events: number) => blocksOf(ticks(events), 20).map(({ tick }) => tick)
  expect(ends(0)).toEqual(ends(3))
})
