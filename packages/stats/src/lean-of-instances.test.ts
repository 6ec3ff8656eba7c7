import { expect, test } from 'vitest'
import { eventsOf, lognormal, scaled, sourceOf } from '../../../test/calibration/generate.ts'
import { subsets } from '../test/labellings.ts'
import { histogramOf } from './histogram.ts'
import { leanOfInstanceRates, leanOfInstanceValues } from './lean-of-instances.ts'
import { randomOf } from './random.ts'

const itself = (value: number) => value

test('the values of the examples in the comments', () => {
  const bad = { n: 9, events: 9 }
  const good = { n: 9, events: 0 }
  expect(leanOfInstanceRates([bad, good], [good], itself)).toBe(0.5)
  expect(leanOfInstanceValues([histogramOf([2, 3])], [histogramOf([1, 1.5])], (value) => 1.1 * value).location).toBe(1)
})

test('one bad instance of three is a third of a bad tick, in its errors and in its values', () => {
  const rates = [0, 0, 8].map((events) => ({ n: 20, events }))
  const calm = [0, 0, 0].map((events) => ({ n: 20, events }))
  expect(leanOfInstanceRates(rates, calm, itself)).toBeCloseTo(1 / 3, 9)
  const values = histogramOf([1, 1.1, 1.2, 1.3], 3)
  const slow = histogramOf([8, 9, 10, 11], 3)
  const leans = leanOfInstanceValues([values, values, slow], [values, values, values], itself)
  expect(leans.location).toBeCloseTo(1 / 3, 9)
  expect(leans.tenth).toBeCloseTo(1 / 3, 9)
})

test('whichever instances are called the canary, of equal ones it leans to neither: every choice of up to six', () => {
  const draw = randomOf(5)
  const source = sourceOf(lognormal({ median: 0.1, sigma: 0.6 }), 3)
  const instances = Array.from({ length: 6 }, () => source(40, draw))
  const rates = Array.from({ length: 6 }, () => ({ n: 40, events: eventsOf(40, 0.1, draw) }))
  for (const canaries of [1, 2, 3, 5]) {
    const sums = { location: 0, tenth: 0, hundredth: 0, rate: 0 }
    for (const chosen of subsets(6, canaries)) {
      const split = <One>(all: readonly One[]) =>
        [all.filter((_, at) => chosen.includes(at)), all.filter((_, at) => !chosen.includes(at))] as const
      const leans = leanOfInstanceValues(...split(instances), itself)
      sums.location += leans.location
      sums.tenth += leans.tenth
      sums.hundredth += leans.hundredth
      sums.rate += leanOfInstanceRates(...split(rates), itself)
    }
    for (const sum of Object.values(sums)) expect(Math.abs(sum)).toBeLessThan(1e-6)
  }
})

test('a margin moves stable, finer than the buckets are wide', () => {
  const draw = randomOf(6)
  const typical = lognormal({ median: 0.1, sigma: 0.4 })
  const stable = [sourceOf(typical, 3)(20_000, draw)]
  const leanAt = (times: number) => {
    const canary = [sourceOf(scaled(typical, times), 3)(20_000, draw)]
    return leanOfInstanceValues(canary, stable, (value) => 1.1 * value)
  }
  expect(leanAt(1.05)).toEqual({ location: -1, tenth: -1, hundredth: -1 })
  expect(leanAt(1.2)).toEqual({ location: 1, tenth: 1, hundredth: 1 })
})

test('instances without values say nothing', () => {
  const nothing = histogramOf([])
  expect(leanOfInstanceValues([nothing], [histogramOf([1])], itself)).toEqual({ location: 0, tenth: 0, hundredth: 0 })
  expect(leanOfInstanceValues([], [], itself)).toEqual({ location: 0, tenth: 0, hundredth: 0 })
})
