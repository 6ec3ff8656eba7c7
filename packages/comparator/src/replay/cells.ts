import type { Histogram } from '@coalmine/stats'
import { requestCount, type Side, type Slice } from '../slice.ts'

/** What was served at one operation in one tick: counts of traces, and their latencies in seconds. */
export interface TrafficCell {
  readonly tick: number
  readonly operation: string
  readonly requests: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  readonly latency: Histogram
}

/**
 * Stable's side of slices, cell by cell, in chronological order.
 *
 * @example cellsOf(slices)[0] // { tick: 0, operation: 'GET /', requests: 500, traces: 500, errors: 2, ... }
 */
export function cellsOf(slices: Iterable<Slice>): TrafficCell[] {
  const cells = new Map<string, { -readonly [K in keyof TrafficCell]: TrafficCell[K] }>()
  for (const { tick, operation, metric, stable } of slices) {
    const key = `${tick} ${operation}`
    const cell = cells.get(key) ?? { tick, operation, ...nothing }
    cells.set(key, cell)
    if (metric === requestCount) cell.requests += stable.n
    else if (metric === 'latency' && stable.kind === 'distribution') cell.latency = stable.histogram
    else if (stable.kind === 'rate') {
      cell.traces = stable.n
      if (metric === 'errors') cell.errors = stable.events
      if (metric === 'client-errors') cell.clientErrors = stable.events
    }
  }
  return [...cells.values()].filter(({ requests }) => requests > 0).sort((a, b) => a.tick - b.tick)
}

const nothing = {
  requests: 0,
  traces: 0,
  errors: 0,
  clientErrors: 0,
  latency: { scale: 5, zero: 0, indices: [], counts: [] },
} as const

/** The slices of one cell of both arms. */
export function slicesOfCell(stable: TrafficCell, canary: TrafficCell): Slice[] {
  const { tick, operation } = stable
  const slice = (metric: string, side: (cell: TrafficCell) => Side): Slice => {
    return { tick, operation, metric, stable: side(stable), canary: side(canary) }
  }
  return [
    slice(requestCount, ({ requests }) => ({ kind: 'count', n: requests })),
    slice('errors', ({ traces, errors }) => ({ kind: 'rate', n: traces, events: errors })),
    slice('client-errors', ({ traces, clientErrors }) => ({ kind: 'rate', n: traces, events: clientErrors })),
    slice('latency', ({ traces, latency }) => ({ kind: 'distribution', n: traces, histogram: latency })),
  ]
}
