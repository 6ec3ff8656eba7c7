import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { drawBinomial } from './draws.ts'
import { randomOf } from './random.ts'
import { rateInterval } from './rate-interval.ts'

interface Case {
  readonly n: number
  readonly events: number
  readonly alpha: number
  readonly lower: number
  readonly upper: number
}

const { rateInterval: oracle } = tables<{ rateInterval: readonly Case[] }>('rate-interval')

test.each(oracle)('the bounds of $events in $n at $alpha are SciPy’s', ({ n, events, alpha, lower, upper }) => {
  const found = rateInterval({ n, events }, { alpha })
  expect(Math.abs(found.lower - lower)).toBeLessThanOrEqual(1e-9 * lower)
  expect(Math.abs(found.upper - upper)).toBeLessThanOrEqual(1e-9 * upper)
})

const counts = fc
  .integer({ min: 0, max: 1_000_000 })
  .chain((n) => fc.record({ n: fc.constant(n), events: fc.integer({ min: 0, max: n }) }))

describe('between which rates the truth is', () => {
  it('has the share that was seen, is wider the surer one is to be, and the mirror image of what is good', () => {
    fc.assert(
      fc.property(counts, (rate) => {
        const { lower, upper } = rateInterval(rate, { alpha: 0.05 })
        const surer = rateInterval(rate, { alpha: 0.01 })
        const good = rateInterval({ n: rate.n, events: rate.n - rate.events }, { alpha: 0.05 })
        const seen = rate.n === 0 ? 0.5 : rate.events / rate.n
        expect(0 <= surer.lower && surer.lower <= lower && lower <= seen).toBe(true)
        expect(seen <= upper && upper <= surer.upper && surer.upper <= 1).toBe(true)
        expect(good.lower).toBeCloseTo(1 - upper, 9)
        expect(good.upper).toBeCloseTo(1 - lower, 9)
      }),
      { numRuns: 200, seed: 16 },
    )
  })

  it('says nothing where nothing was seen', () => {
    expect(rateInterval({ n: 0, events: 0 }, { alpha: 0.05 })).toEqual({ lower: 0, upper: 1 })
  })

  test.each([0.0005, 0.02, 0.5])('misses a rate of %d at most as often as alpha says, however often one looks', (p) => {
    const [runs, alpha] = [400, 0.1]
    const random = randomOf(16)
    let missed = 0
    for (let run = 0; run < runs; run += 1) {
      let [n, events] = [0, 0]
      for (let look = 0; look < 40; look += 1) {
        events += drawBinomial(200, p, random)
        n += 200
        const { lower, upper } = rateInterval({ n, events }, { alpha })
        if (p >= lower && p <= upper) continue
        missed += 1
        break
      }
    }
    expect(missed / runs).toBeLessThanOrEqual(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs))
  })

  it('refuses what is no count, and no level', () => {
    expect(() => rateInterval({ n: 3, events: 4 }, { alpha: 0.05 })).toThrow(/rate.events/)
    expect(() => rateInterval({ n: 3, events: 1 }, { alpha: 1 })).toThrow(/alpha/)
  })
})
