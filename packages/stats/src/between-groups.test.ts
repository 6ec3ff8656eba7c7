import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { sdBetweenMeans, sdBetweenRates } from './between-groups.ts'
import { randomOf } from './random.ts'

const oracle = tables<{
  readonly means: readonly { readonly groups: readonly (readonly number[])[]; readonly expected: number }[]
  readonly rates: readonly {
    readonly events: readonly number[]
    readonly rate: readonly number[]
    readonly expected: number
  }[]
}>('between-groups')

describe('the standard deviation between groups', () => {
  it.each(oracle.means)("of means is R's, by anova(lm()): $expected", ({ groups, expected }) => {
    expect(sdBetweenMeans(groups)!.sd).toBeCloseTo(expected, 12)
    expect(sdBetweenMeans(groups)!.df).toBe(groups.length - 1)
  })

  it.each(oracle.rates)("of rates is R's, by chisq.test(): $expected", ({ events, rate, expected }) => {
    const groups = events.map((count, at) => ({ events: count, expected: rate[at]! }))
    expect(sdBetweenRates(groups)!.sd).toBeCloseTo(expected, 12)
  })

  it('does not depend on the order of groups, nor on where zero is, and grows with the unit', () => {
    const groups = fc.array(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 5 }), {
      minLength: 2,
      maxLength: 6,
    })
    fc.assert(
      fc.property(groups, fc.double({ min: -5, max: 5, noNaN: true }), (some, shift) => {
        const sd = sdBetweenMeans(some)!.sd
        expect(sdBetweenMeans([...some].reverse())!.sd).toBeCloseTo(sd, 6)
        expect(sdBetweenMeans(some.map((group) => group.map((value) => value + shift)))!.sd).toBeCloseTo(sd, 5)
        expect(sdBetweenMeans(some.map((group) => group.map((value) => value * 3)))!.sd).toBeCloseTo(sd * 3, 5)
      }),
      { seed: 4, numRuns: 100 },
    )
  })

  it('is not known of one group, nor of single values', () => {
    expect(sdBetweenMeans([[1, 2, 3]])).toBeUndefined()
    expect(sdBetweenMeans([[1], [2], [3]])).toBeUndefined()
    expect(sdBetweenRates([{ events: 3, expected: 3 }])).toBeUndefined()
  })

  it('finds, on average, the variance that groups of uneven sizes were drawn with', () => {
    const random = randomOf(11)
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const estimates = Array.from({ length: 2000 }, () => {
      const groups = [4, 8, 20, 30].map((size) => {
        const mean = 0.3 * normal()
        return Array.from({ length: size }, () => mean + 0.5 * normal())
      })
      return sdBetweenMeans(groups)!.sd ** 2
    })
    const mean = estimates.reduce((sum, one) => sum + one, 0) / estimates.length
    // Cut off at zero, it is a little more than the 0.09 that it is without.
    expect(mean).toBeGreaterThan(0.085)
    expect(mean).toBeLessThan(0.105)
  })
})
