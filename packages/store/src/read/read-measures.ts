import { type Comparison, spanParams } from '../cohorts.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { rawMeasures } from '../queries/raw-measures.ts'
import { type Measure, measureParams } from './measures.ts'
import { asksForTests, portionsOf } from './raw-ticks.ts'

/** One cohort's values of a measure at one operation in one tick, in buckets as `Latency` has them. */
export interface Measured {
  /** Traces that have a value, and those that have none. */
  readonly values: number
  readonly without: number
  /** Values below zero. No bucket holds them: they are among the zeros. */
  readonly negative: number
  readonly histogram: {
    readonly scale: 5
    readonly zero: number
    readonly indices: readonly number[]
    readonly counts: readonly number[]
  }
}

/** A tick of one operation: of each measure, in the order that was asked for, what both cohorts had. */
export interface MeasuredTick {
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly measures: readonly { readonly stable: Measured; readonly canary: Measured }[]
}

interface Row {
  readonly tick: number
  readonly operation: string
  readonly cohort: 'stable' | 'canary' | 'both' | 'mixed'
  readonly test: boolean
  readonly traces: number
  readonly measured: readonly Readonly<Record<string, number>>[]
}

/**
 * Reduces raw spans of closed ticks to a comparison's own measures, a portion of ticks at a time so that memory stays
 * bounded. Ticks come in order; cohorts are those of `readTicks`.
 */
export async function* readMeasures(
  engine: Engine,
  comparison: Comparison,
  measures: readonly Measure[],
): AsyncGenerator<MeasuredTick> {
  if (measures.length === 0) return
  const cohorts = spanParams(comparison)
  const { params, order } = measureParams(measures)
  const asked = { service: comparison.service, ...cohorts, ...params }
  for await (const portion of portionsOf(engine, comparison)) {
    const rows = await engine.read<Row>(rawMeasures, { ...asked, ...portion })
    const wanted = ({ operation }: Row): boolean => comparison.operations?.includes(operation) ?? true
    yield* pairs(
      rows.filter((row) => wanted(row) && (!row.test || asksForTests(row, cohorts))),
      order,
    )
  }
}

function* pairs(rows: readonly Row[], order: readonly number[]): Generator<MeasuredTick> {
  const cells = new Map<string, { stable?: Row; canary?: Row }>()
  for (const row of rows)
    if (row.cohort === 'stable' || row.cohort === 'canary')
      getOrMake(cells, `${row.tick} ${row.operation}`, () => ({}) as { stable?: Row; canary?: Row })[row.cohort] = row
  for (const { stable, canary } of cells.values()) {
    const { tick, operation } = (stable ?? canary)!
    yield {
      operation,
      tick: tick * 1000,
      measures: order.map((place) => ({ stable: measuredOf(stable, place), canary: measuredOf(canary, place) })),
    }
  }
}

const zeroBucket = -32768
const negativeBucket = -32767

function measuredOf(row: Row | undefined, place: number): Measured {
  const buckets = Object.entries(row?.measured[place] ?? {})
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .sort((a, b) => a.bucket - b.bucket)
  const countIn = (which: number): number => buckets.find(({ bucket }) => bucket === which)?.count ?? 0
  const positive = buckets.filter(({ bucket }) => bucket > negativeBucket)
  const values = buckets.reduce((sum, { count }) => sum + count, 0)
  const negative = countIn(negativeBucket)
  return {
    values,
    without: (row?.traces ?? 0) - values,
    negative,
    histogram: {
      scale: 5,
      zero: countIn(zeroBucket) + negative,
      indices: positive.map(({ bucket }) => bucket),
      counts: positive.map(({ count }) => count),
    },
  }
}
