import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tables } from '../../../../test/oracle/tables.ts'
import { locationShift } from './location-shift.ts'

interface Row {
  readonly canary: readonly number[]
  readonly stable: readonly number[]
  readonly z: number
  readonly lower: number
  readonly upper: number
  readonly estimate: number
}

const { shifts } = tables<{ readonly shifts: readonly Row[] }>('kayenta')

it.each(shifts.map((row, at) => ({ ...row, name: `${at}: ${row.canary.length} v ${row.stable.length}` })))(
  'gives the interval and estimate of R, case $name',
  ({ canary, stable, z, lower, upper, estimate }) => {
    const shift = locationShift(canary, stable, z)
    expect(shift.lower).toBeCloseTo(lower, 10)
    expect(shift.upper).toBeCloseTo(upper, 10)
    expect(shift.estimate).toBeCloseTo(estimate, 10)
  },
)

const values = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })
// Where the search stops is the answer's, within half its tolerance.
const near = 4

it('moves with the canary', () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: -50, max: 50 }), (canary, stable, by) => {
      const shift = locationShift(canary, stable, 1.96)
      const moved = locationShift(
        canary.map((value) => value + by),
        stable,
        1.96,
      )
      expect(moved.lower).toBeCloseTo(shift.lower + by, near - 1)
      expect(moved.upper).toBeCloseTo(shift.upper + by, near - 1)
    }),
    { seed: 7 },
  )
})

it('does not see the order of the points', () => {
  fc.assert(
    fc.property(values, values, (canary, stable) => {
      expect(locationShift([...canary].reverse(), [...stable].reverse(), 1.96)).toEqual(
        locationShift(canary, stable, 1.96),
      )
    }),
    { seed: 7 },
  )
})

it('is the difference itself, every time, where both arms are constant', () => {
  expect(locationShift([10, 10, 10], [1, 1, 1, 1], 2.326)).toEqual({ lower: 9, upper: 9, estimate: 9 })
})

it('refuses an empty arm', () => {
  expect(() => locationShift([], [1], 2)).toThrow('expected values in both arms')
})
