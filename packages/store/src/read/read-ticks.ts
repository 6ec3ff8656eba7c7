import { type Comparison, cohortsOf, type Source } from '../comparison.ts'
import { inCanary, inStable, latestClosings, ofTraffic, ofWindow } from '../conditions.ts'
import type { Engine, Params } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'
import { type Counts, countsOf, noCounts } from './counts.ts'
import { type RawTickRow, rawTickRows } from './raw-rows.ts'
import { type TickRow, tickRowsOf } from './tick-rows.ts'
import { noWarmUp, type WarmUp, type WarmUpRow, warmUpOfOperations, withoutWarmUp } from './warm-up.ts'

/** One tick of one operation. `tick` is its start, in milliseconds since 1970. */
export interface TickPair {
  readonly tick: number
  readonly stable: Counts
  readonly canary: Counts
}

/** All ticks of one operation, in order. */
export interface OperationTicks {
  readonly operation: string
  readonly ticks: readonly TickPair[]
}

/** The data of a comparison. Operations come one at a time, in order, each with its ticks in order. */
export interface TickRead {
  readonly source: Source
  readonly operations: AsyncIterable<OperationTicks>
}

// A query per operation would cost 40 ms each; a single query would finish before its rows are processed.
const portionCells = 10_000

/**
 * Reads both cohorts of a comparison, tick by tick; test traffic only if a selector names its marks. Only closed ticks are
 * read. The warm-up may resolve meanwhile.
 */
export function readTicks(
  engine: Engine,
  comparison: Comparison,
  warmUp: WarmUp | Promise<WarmUp> = noWarmUp,
): TickRead {
  const cohorts = cohortsOf(comparison)
  const window = windowOf(comparison)
  const wanted = (operation: string): boolean => comparison.operations?.includes(operation) ?? true
  const operations =
    cohorts.source === 'ticks'
      ? fromTicks(engine, { service: comparison.service, ...window, ...cohorts.params }, warmUp, comparison.operations)
      : fromSpans(rawTickRows(engine, comparison, cohorts.params, warmUp), wanted)
  return { source: cohorts.source, operations }
}

async function* fromTicks(
  engine: Engine,
  asked: Params,
  warmUp: WarmUp | Promise<WarmUp>,
  named: readonly string[] | undefined,
): AsyncGenerator<OperationTicks> {
  const wanted = (operation: string): boolean => named?.includes(operation) ?? true
  // A single operation is one portion, whether it has rows or not.
  const [only, ...others] = named ?? []
  const isOne = only !== undefined && others.length === 0 && !only.endsWith(' (test)')
  const all = isOne
    ? [{ operation: only, cells: 0 }]
    : await engine.read<{ operation: string; cells: number }>(tickOperations, asked)
  const found = all.filter(({ operation }) => wanted(operation) || wanted(`${operation} (test)`))
  const read = (operations: readonly string[]) =>
    Promise.all([tickRowsOf(engine, asked, operations), warmUpRows(engine, { ...asked, operations }, warmUp)])
  for await (const [rows, warmUps] of oneAhead(portions(found), read)) {
    yield* byOperation(withoutWarmUp(rows, warmUps), wanted)
  }
}

/** Closed ticks record instances by build only. The cohorts of a flag share instances, which warm up for both. */
async function warmUpRows(engine: Engine, asked: Params, warmUp: WarmUp | Promise<WarmUp>): Promise<WarmUpRow[]> {
  if (asked['byBuild'] !== true || asked['flagKey'] !== '') return []
  const leftOut = await warmUp
  return leftOut.until.length > 0 ? engine.read<WarmUpRow>(warmUpOfOperations, { ...asked, ...leftOut }) : []
}

function portions(found: readonly { readonly operation: string; readonly cells: number }[]): string[][] {
  const all: string[][] = []
  let cells = Number.POSITIVE_INFINITY
  for (const one of found) {
    if (cells + one.cells > portionCells) {
      all.push([])
      cells = 0
    }
    all.at(-1)!.push(one.operation)
    cells += one.cells
  }
  return all
}

/** Reads the next item while the caller processes the current one. */
async function* oneAhead<Portion, Read>(
  all: readonly Portion[],
  read: (portion: Portion) => Promise<Read>,
): AsyncGenerator<Read> {
  let next: Promise<Read> | undefined
  for (const [at, portion] of all.entries()) {
    const here = next ?? read(portion)
    next = at + 1 < all.length ? read(all[at + 1]!) : undefined
    // If this one fails, the outcome of the other no longer matters.
    next?.catch(() => undefined)
    yield await here
  }
}

async function* fromSpans(
  cells: AsyncIterable<RawTickRow>,
  wanted: (operation: string) => boolean,
): AsyncGenerator<OperationTicks> {
  const rows: TickRow[] = []
  for await (const { operation, cohort, test, tick, ...counts } of cells)
    if (!test && (cohort === 'stable' || cohort === 'canary')) rows.push({ operation, tick, cohort, ...counts })
  yield* byOperation(rows, wanted)
}

/** Rows of ticks, in their order, as ticks of both cohorts, operation by operation. */
export function* byOperation(
  rows: readonly TickRow[],
  wanted: (operation: string) => boolean,
): Generator<OperationTicks> {
  const rowsOf = new Map<string, TickRow[]>()
  for (const row of rows) if (wanted(row.operation)) getOrMake(rowsOf, row.operation, () => []).push(row)
  for (const operation of [...rowsOf.keys()].sort()) yield { operation, ticks: pairs(rowsOf.get(operation)!) }
}

// Rows are in the order of ticks; a cohort that has none in a tick counts zero there.
function pairs(rows: readonly TickRow[]): TickPair[] {
  const ticks = new Map<number, { tick: number; stable: Counts; canary: Counts }>()
  for (const row of rows) {
    const pair = getOrMake(ticks, row.tick, () => ({ tick: row.tick * 1000, stable: noCounts, canary: noCounts }))
    pair[row.cohort] = countsOf(row)
  }
  return [...ticks.values()]
}

/** The operations of a comparison in closed ticks, and roughly how many rows `ticksOfOperations` returns for each. */
export const tickOperations: string = sql`
  SELECT Operation AS operation, count() AS cells
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = {flagKey:String}
    AND ${ofTraffic}
    AND ${ofWindow}
    AND ${latestClosings}
    AND (
      (${inStable})
      OR (${inCanary}))
  GROUP BY Operation
  ORDER BY Operation`
