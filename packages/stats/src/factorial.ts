import { normalQuantile } from './normal-quantile.ts'
import { studentQuantile } from './student.ts'

/** Values of one cell in one block: their number, sum, and sum of squares. */
export interface CellSum {
  readonly n: number
  readonly sum: number
  readonly squares: number
}

/** The cells of two factors with two levels each, in one block: neither, the second alone, the first alone, both. */
export interface FourCells {
  /** Blocks of one tick form one cluster, since a disturbance affects the whole tick. */
  readonly tick: number
  readonly cells: readonly [CellSum, CellSum, CellSum, CellSum]
}

/** The weight of each cell's mean in an effect. */
export type Contrast = readonly [number, number, number, number]

/** An effect with two standard errors: assuming independent values, and assuming independent ticks only. */
export interface FactorialEffect {
  readonly estimate: number
  readonly ofValues: number
  /** Infinite for fewer than two ticks. */
  readonly ofTicks: number
  readonly ticks: number
}

/**
 * Effects of two factors on a mean, compared inside blocks, so that neither the time of day nor a ramp is mistaken for one: each block's
 * contrast of its cells' means, weighted by the harmonic size of its cells, which depends on counts only. Blocks with an empty
 * cell are left out; undefined when none is left.
 *
 * The usual linear contrasts of a two-by-two design; their variance is computed from the values within cells (for shares, p(1 - p) with
 * half an event added, so that zero events do not imply certainty), and from ticks as clusters (CR1; Cameron and Miller 2015, A
 * practitioner's guide to cluster-robust inference).
 *
 * @param shares whether values are events, zero or one.
 * @example
 * const cell = (n: number, sum: number) => ({ n, sum, squares: sum })
 * factorialEffects([{ tick: 0, cells: [cell(100, 1), cell(100, 1), cell(50, 1), cell(50, 10)] }], { both: [1, -1, -1, 1] }, true)
 * // { both: { estimate: 0.18, ... } }
 */
export function factorialEffects<Name extends string>(
  blocks: readonly FourCells[],
  contrasts: Readonly<Record<Name, Contrast>>,
  shares: boolean,
): Readonly<Record<Name, FactorialEffect>> | undefined {
  const filled = blocks.filter(({ cells }) => cells.every(({ n }) => n > 0))
  if (filled.length === 0) return undefined
  const variances = [0, 1, 2, 3].map((at) =>
    varianceOf(
      filled.map(({ cells }) => cells[at]!),
      shares,
    ),
  )
  const weights = filled.map(({ cells }) => 1 / cells.reduce((sum, { n }) => sum + 1 / n, 0))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const effectOf = (contrast: Contrast): FactorialEffect => {
    const inBlocks = filled.map(({ cells }) =>
      cells.reduce((sum, { n, sum: values }, at) => sum + (contrast[at]! * values) / n, 0),
    )
    const estimate = inBlocks.reduce((sum, one, at) => sum + weights[at]! * one, 0) / total
    let ofValues = 0
    const clusters = new Map<number, number>()
    for (const [at, { tick, cells }] of filled.entries()) {
      const weight = weights[at]! / total
      ofValues +=
        weight ** 2 * cells.reduce((sum, { n }, cell) => sum + partOf(contrast[cell]!, variances[cell]!) / n, 0)
      clusters.set(tick, (clusters.get(tick) ?? 0) + weight * (inBlocks[at]! - estimate))
    }
    const ticks = clusters.size
    const squares = [...clusters.values()].reduce((sum, away) => sum + away ** 2, 0)
    return {
      estimate,
      ofValues: Math.sqrt(ofValues),
      ofTicks: ticks > 1 ? Math.sqrt((squares * ticks) / (ticks - 1)) : Infinity,
      ticks,
    }
  }
  return Object.fromEntries(
    Object.entries<Contrast>(contrasts).map(([name, contrast]) => [name, effectOf(contrast)]),
  ) as Record<Name, FactorialEffect>
}

/**
 * The one-sided error margin of an effect at error `level`: by the wider of the two standard errors, using Student's t for
 * that of ticks.
 *
 * @example reachOf({ estimate: 1, ofValues: 0.1, ofTicks: 0.1, ticks: 5 }, 0.05) // 0.213
 */
export function reachOf({ ofValues, ofTicks, ticks }: FactorialEffect, level: number): number {
  if (!(level > 0 && level < 0.5)) throw new RangeError(`level: expected a number between 0 and 0.5, got ${level}`)
  if (ticks < 2) return Infinity
  return Math.max(-normalQuantile(level) * ofValues, studentQuantile(level, ticks - 1) * ofTicks)
}

/** A cell's contribution to a variance; a cell outside the contrast adds nothing, even if its variance is unknown. */
function partOf(times: number, variance: number): number {
  return times === 0 ? 0 : times ** 2 * variance
}

function varianceOf(cells: readonly CellSum[], shares: boolean): number {
  if (shares) {
    const n = cells.reduce((sum, cell) => sum + cell.n, 0)
    const events = cells.reduce((sum, cell) => sum + cell.sum, 0)
    const p = (events + 0.5) / (n + 1)
    return p * (1 - p)
  }
  const several = cells.filter(({ n }) => n > 1)
  const squares = several.reduce((sum, cell) => sum + Math.max(0, cell.squares - cell.sum ** 2 / cell.n), 0)
  const df = several.reduce((sum, { n }) => sum + n - 1, 0)
  // With fewer than two values in every cell of every block, the spread is unknown.
  return df === 0 ? Infinity : squares / df
}
