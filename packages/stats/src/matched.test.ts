import { expect, it } from 'vitest'
import { histogramOf } from './histogram.ts'
import { matchedQuantiles, matchedRates } from './matched.ts'

it('shows no difference where only the hour differs: a ramp while everything slows down', () => {
  const quiet = (n: number): number[] => Array.from({ length: n }, () => 10)
  const busy = (n: number): number[] => Array.from({ length: n }, () => 40)
  const found = matchedQuantiles(
    [
      { stable: histogramOf(quiet(95)), canary: histogramOf(quiet(5)) },
      { stable: histogramOf(busy(50)), canary: histogramOf(busy(50)) },
    ],
    0.5,
  )
  expect(found!.canary / found!.stable).toBeCloseTo(1, 2)
})

it('weighs the rate of each block by its canary requests', () => {
  const found = matchedRates([
    { stable: { n: 100, events: 1 }, canary: { n: 10, events: 1 } },
    { stable: { n: 100, events: 20 }, canary: { n: 90, events: 18 } },
  ])
  expect(found!.stable).toBeCloseTo(0.1 * 0.01 + 0.9 * 0.2, 12)
  expect(found!.canary).toBeCloseTo(0.19, 12)
})

it('leaves out blocks with an empty arm, and says so when there is no other', () => {
  const empty = { n: 0, events: 0 }
  expect(matchedRates([{ stable: { n: 4, events: 4 }, canary: empty }])).toBeUndefined()
  expect(matchedQuantiles([{ stable: histogramOf([]), canary: histogramOf([1]) }], 0.5)).toBeUndefined()
})
