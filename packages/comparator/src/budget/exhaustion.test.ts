import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { exhaustedAfter, type Spending } from './exhaustion.ts'

// 99.9 % over 30 days at 100 requests a second: 259 200 may be bad. Stable fails 0.05 %, the canary 2 %.
const budget = 0.001 * 100 * 30 * 86_400
const load = [{ seconds: 86_400, perSecond: 100 }]
const rates = { load, stable: 0.0005, canary: 0.02 }
const hours = (seconds: number | null): number => seconds! / 3_600
const minutes30 = 1_800

describe('when a budget is gone', () => {
  test.each([
    [0.01, 1035.97, 414.39],
    [0.1, 293.88, 117.55],
    [0.5, 70.24, 28.1],
    [1, 36, 14.4],
  ])('at a share of %d, after %d hours, or %d with 40 %% of it left', (share, full, some) => {
    const ramp = [{ share, seconds: 0 }]
    expect(hours(exhaustedAfter(budget, { ...rates, ramp }))).toBeCloseTo(full, 2)
    expect(hours(exhaustedAfter(0.4 * budget, { ...rates, ramp }))).toBeCloseTo(some, 2)
  })

  it('along a ramp of 1 %, then 10 to 90 %, half an hour each, 17.08 hours after its start', () => {
    const shares = [0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    const ramp = shares.map((share) => ({ share, seconds: minutes30 }))
    expect(hours(exhaustedAfter(0.4 * budget, { ...rates, ramp }))).toBeCloseTo(17.08, 2)
  })

  const spending: fc.Arbitrary<Spending> = fc.record({
    load: fc.array(
      fc.record({ seconds: fc.integer({ min: 60, max: 7_200 }), perSecond: fc.integer({ min: 0, max: 50 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    ramp: fc.array(
      fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), seconds: fc.integer({ min: 1, max: 7_200 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    stable: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
    canary: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
  })

  it('is when second after second adds up to what was left', () => {
    fc.assert(
      fc.property(spending, fc.integer({ min: 1, max: 5_000 }), (one, left) => {
        const found = exhaustedAfter(left, one)
        const until = Math.min(found ?? 200_000, 200_000)
        const spent = spentBy(one, until)
        if (found !== null && found <= 200_000) expect(Math.abs(spent - left)).toBeLessThan(0.01 * left + 20)
        else expect(spent).toBeLessThan(left + 20)
      }),
      { numRuns: 60, seed: 16 },
    )
  })

  it('is sooner with less left, and with a worse canary', () => {
    fc.assert(
      fc.property(spending, fc.integer({ min: 1, max: 5_000 }), (one, left) => {
        const last = (seconds: number | null): number => seconds ?? Number.POSITIVE_INFINITY
        const found = last(exhaustedAfter(left, one))
        expect(last(exhaustedAfter(left / 2, one))).toBeLessThanOrEqual(found)
        expect(last(exhaustedAfter(left, { ...one, canary: one.canary * 2 }))).toBeLessThanOrEqual(found)
      }),
      { numRuns: 60, seed: 16 },
    )
  })

  it('is now where nothing is left, and never where nothing is bad, or nobody comes', () => {
    const ramp = [{ share: 0.1, seconds: 0 }]
    expect(exhaustedAfter(0, { ...rates, ramp })).toBe(0)
    expect(exhaustedAfter(-5, { ...rates, ramp })).toBe(0)
    expect(exhaustedAfter(10, { load, ramp, stable: 0, canary: 0 })).toBeNull()
    expect(exhaustedAfter(10, { ...rates, load: [{ seconds: 3_600, perSecond: 0 }], ramp })).toBeNull()
    expect(() => exhaustedAfter(10, { ...rates, ramp: [] })).toThrow(/ramp/)
    expect(() => exhaustedAfter(10, { ...rates, load: [], ramp })).toThrow(/load/)
  })
})

/** The sum over seconds, by the formula itself. */
function spentBy({ load: pieces, ramp, stable, canary }: Spending, until: number): number {
  const cycle = pieces.reduce((sum, { seconds }) => sum + seconds, 0)
  const rateAt = (second: number): number => {
    let left = second % cycle
    for (const { seconds, perSecond } of pieces) {
      if (left < seconds) return perSecond
      left -= seconds
    }
    return 0
  }
  const shareAt = (second: number): number => {
    let left = second
    for (const { share, seconds } of ramp.slice(0, -1)) {
      if (left < seconds) return share
      left -= seconds
    }
    return ramp.at(-1)!.share
  }
  let spent = 0
  for (let second = 0; second < until; second += 1) {
    const share = shareAt(second)
    spent += rateAt(second) * ((1 - share) * stable + share * canary)
  }
  return spent
}
