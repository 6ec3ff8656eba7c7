import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { type CellSum, type Contrast, type FourCells, factorialEffects, reachOf } from './factorial.ts'
import { type Random, randomOf } from './random.ts'

const oracle =
  tables<
    {
      shares: boolean
      level: number
      blocks: FourCells[]
      expected: Record<
        'first' | 'second' | 'together',
        { estimate: number; ofValues: number; ofTicks: number; ticks: number; reach: number }
      >
    }[]
  >('factorial')

const contrasts = { first: [-1, 0, 1, 0], second: [-1, 1, 0, 0], together: [1, -1, -1, 1] } as const satisfies Record<
  string,
  Contrast
>
const sumOf = (values: readonly number[]): CellSum => ({
  n: values.length,
  sum: values.reduce((sum, one) => sum + one, 0),
  squares: values.reduce((sum, one) => sum + one ** 2, 0),
})
const cellsOf = (...cells: [number[], number[], number[], number[]]): FourCells['cells'] => [
  sumOf(cells[0]),
  sumOf(cells[1]),
  sumOf(cells[2]),
  sumOf(cells[3]),
]

it.each(oracle)(
  'effects are those of weighted least squares, shares $shares',
  ({ shares, level, blocks, expected }) => {
    const found = factorialEffects(blocks, contrasts, shares)!
    for (const name of ['first', 'second', 'together'] as const) {
      const { reach, ...effect } = expected[name]
      expect(found[name].ticks).toBe(effect.ticks)
      for (const key of ['estimate', 'ofValues', 'ofTicks'] as const) {
        expect(found[name][key]).toBeCloseTo(effect[key], 9)
      }
      expect(reachOf(found[name], level)).toBeCloseTo(reach, 8)
    }
  },
)

describe('effects of two factors', () => {
  const cell = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 })
  const blocks = fc.array(
    fc.tuple(cell, cell, cell, cell).map((cells): FourCells['cells'] => cellsOf(...cells)),
    { minLength: 2, maxLength: 5 },
  )

  it('do not see the order of blocks, nor what a block adds to all of its values', () => {
    fc.assert(
      fc.property(blocks, fc.integer({ min: -50, max: 50 }), (all, level) => {
        const timed = all.map((cells, tick) => ({ tick, cells }))
        const raised = timed
          .map(({ tick, cells }) => ({
            tick,
            cells: cells.map(({ n, sum, squares }) => ({
              n,
              sum: sum + n * level * tick,
              squares: squares + 2 * level * tick * sum + n * (level * tick) ** 2,
            })) as unknown as FourCells['cells'],
          }))
          .reverse()
        const [one, other] = [factorialEffects(timed, contrasts, false)!, factorialEffects(raised, contrasts, false)!]
        expect(other.together.estimate).toBeCloseTo(one.together.estimate, 6)
        expect(other.first.ofTicks).toBeCloseTo(one.first.ofTicks, 5)
      }),
      { seed: 5 },
    )
  })

  it('add up: both factors, and what is only together, are the whole', () => {
    fc.assert(
      fc.property(blocks, (all) => {
        const timed = all.map((cells, tick) => ({ tick, cells }))
        const { first, second, together, whole } = factorialEffects(
          timed,
          { ...contrasts, whole: [-1, 0, 0, 1] },
          false,
        )!
        expect(first.estimate + second.estimate + together.estimate).toBeCloseTo(whole.estimate, 9)
      }),
      { seed: 6 },
    )
  })

  it('are not known without a block that has all four cells, nor how sure they are from one tick', () => {
    const empty = { tick: 0, cells: cellsOf([1], [1], [], [1]) }
    expect(factorialEffects([empty], contrasts, false)).toBe(undefined)
    const one = factorialEffects([{ tick: 0, cells: cellsOf([1, 2], [1, 2], [1, 2], [4, 5]) }], contrasts, false)!
    expect(one.together.estimate).toBeCloseTo(3)
    expect(reachOf(one.together, 0.05)).toBe(Infinity)
    expect(() => reachOf(one.together, 0.5)).toThrow('level')
  })

  it('of shares without an event are not certain', () => {
    const none = sumOf([0, 0, 0, 0, 0])
    const blocks = [0, 1, 2].map((tick) => ({ tick, cells: [none, none, none, none] as const }))
    expect(factorialEffects(blocks, contrasts, true)!.together.ofValues).toBeGreaterThan(0.05)
  })

  it('are within their reach as often as is said, through drift, odd ticks and uneven cells', () => {
    const runs = 600
    const missed = { first: 0, together: 0 }
    for (let run = 0; run < runs; run += 1) {
      const draw = randomOf(run + 1)
      const blocks = Array.from({ length: 12 }, (_, tick): FourCells => {
        const level = Math.sin(tick / 3)
        // What makes a tick odd for one arm of it alone.
        const odd = 0.1 * normal(draw)
        const values = (count: number, more: number) =>
          Array.from({ length: count }, () => level + more + 0.6 * normal(draw))
        return { tick, cells: cellsOf(values(60, 0), values(30, odd), values(12, 0.2), values(8, 0.2 + odd + 0.3)) }
      })
      const { first, together } = factorialEffects(blocks, contrasts, false)!
      if (Math.abs(first.estimate - 0.2) > reachOf(first, 0.025)) missed.first += 1
      if (Math.abs(together.estimate - 0.3) > reachOf(together, 0.025)) missed.together += 1
    }
    const most = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs)
    expect(missed.first / runs).toBeLessThan(most)
    expect(missed.together / runs).toBeLessThan(most)
  })
})

it('the values of the examples in the comments', () => {
  const cell = (n: number, sum: number): CellSum => ({ n, sum, squares: sum })
  const cells = [cell(100, 1), cell(100, 1), cell(50, 1), cell(50, 10)] as const
  const { both } = factorialEffects([{ tick: 0, cells }], { both: [1, -1, -1, 1] }, true)!
  expect(both.estimate).toBeCloseTo(0.18, 10)
  expect(reachOf({ estimate: 1, ofValues: 0.1, ofTicks: 0.1, ticks: 5 }, 0.05)).toBeCloseTo(0.213, 3)
})

function normal(draw: Random): number {
  return Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw())
}
