import { getOrMake } from '../get-or-make.ts'
import type { TickRow } from './warm-up.ts'

/** One row for each operation, tick and cohort, in the order in which they first come: what several rows count is added. */
export function summed(rows: readonly TickRow[]): TickRow[] {
  const same = new Map<string, TickRow[]>()
  for (const row of rows) getOrMake(same, `${row.cohort} ${row.tick} ${row.operation}`, () => []).push(row)
  return [...same.values()].map((some) => (some.length === 1 ? some[0]! : sumOf(some)))
}

function sumOf(rows: readonly TickRow[]): TickRow {
  const { operation, tick, cohort } = rows[0]!
  const total = (key: 'requests' | 'traces' | 'errors' | 'clientErrors'): number =>
    rows.reduce((sum, row) => sum + row[key], 0)
  const latency = new Map<number, number>()
  const errorTypes = new Map<string, number>()
  for (const { buckets, counts, errorTypes: types } of rows) {
    for (const [at, bucket] of buckets.entries()) latency.set(bucket, (latency.get(bucket) ?? 0) + counts[at]!)
    for (const [type, count] of Object.entries(types)) errorTypes.set(type, (errorTypes.get(type) ?? 0) + count)
  }
  const buckets = [...latency.keys()].sort((a, b) => a - b)
  return {
    operation,
    tick,
    cohort,
    requests: total('requests'),
    traces: total('traces'),
    errors: total('errors'),
    clientErrors: total('clientErrors'),
    buckets,
    counts: buckets.map((bucket) => latency.get(bucket)!),
    errorTypes: Object.fromEntries(errorTypes),
  }
}
