import { type Cohorts, type Comparison, cohortsOf, type Source, windowOf } from './cohorts.ts'
import { type CountRow, type Counts, countsOf, noCounts } from './counts.ts'
import type { Engine } from './engine.ts'
import { getOrMake } from './get-or-make.ts'
import { tickOperations, ticksOfOperation } from './queries.ts'
import { rawTickRows } from './raw-ticks.ts'

/** One tick of one operation: `tick` is when it begins, in milliseconds since 1970. */
export type TickPair = { readonly tick: number; readonly stable: Counts; readonly canary: Counts }

export type OperationTicks = { readonly operation: string; readonly ticks: readonly TickPair[] }

/** What a comparison has to go by. Operations come one at a time, in order, and so do the ticks of each. */
export type TickRead = { readonly source: Source; readonly operations: AsyncIterable<OperationTicks> }

type CohortRow = CountRow & { readonly tick: number; readonly cohort: 'stable' | 'canary' }

/** Reads both cohorts of a comparison, tick by tick, without test traffic. Only closed ticks are read. */
export function readTicks(engine: Engine, comparison: Comparison): TickRead {
  const cohorts = cohortsOf(comparison)
  const operations =
    cohorts.source === 'ticks' ? fromTicks(engine, comparison, cohorts) : fromSpans(engine, comparison, cohorts)
  return { source: cohorts.source, operations }
}

type Of<S extends Source> = Extract<Cohorts, { source: S }>

async function* fromTicks(
  engine: Engine,
  comparison: Comparison,
  { params }: Of<'ticks'>,
): AsyncGenerator<OperationTicks> {
  const asked = { service: comparison.service, ...windowOf(comparison), ...params }
  for (const { operation } of await engine.read<{ operation: string }>(tickOperations, asked)) {
    const rows = await engine.read<CohortRow>(ticksOfOperation, { ...asked, operation })
    yield { operation, ticks: pairs(rows) }
  }
}

async function* fromSpans(
  engine: Engine,
  comparison: Comparison,
  { params }: Of<'spans'>,
): AsyncGenerator<OperationTicks> {
  const rowsOf = new Map<string, CohortRow[]>()
  for await (const {
    operation,
    cohort,
    test,
    tick,
    requests,
    traces,
    errors,
    clientErrors,
    buckets,
    counts,
  } of rawTickRows(engine, comparison, params)) {
    if (test || cohort === 'both' || cohort === 'mixed') continue
    const row = { tick, cohort, requests, traces, errors, clientErrors, buckets, counts }
    const rows = rowsOf.get(operation)
    if (rows) rows.push(row)
    else rowsOf.set(operation, [row])
  }
  for (const operation of [...rowsOf.keys()].sort()) {
    yield { operation, ticks: pairs(rowsOf.get(operation)!) }
    rowsOf.delete(operation)
  }
}

// Rows are in the order of ticks; a cohort that has none in a tick counts zero there.
function pairs(rows: readonly CohortRow[]): TickPair[] {
  const ticks = new Map<number, { tick: number; stable: Counts; canary: Counts }>()
  for (const row of rows) {
    const pair = getOrMake(ticks, row.tick, () => ({ tick: row.tick * 1000, stable: noCounts, canary: noCounts }))
    pair[row.cohort] = countsOf(row)
  }
  return [...ticks.values()]
}
