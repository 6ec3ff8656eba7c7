import { requestCount, type Slice } from '@coalmine/comparator'
import type { OperationTicks } from '@coalmine/store'

/** Empties what it is given as it goes, so that ticks and slices are not held both. */
export function* slicesOf(operations: OperationTicks[]): Generator<Slice> {
  for (let next = operations.pop(); next; next = operations.pop()) yield* slicesOfOperation(next)
}

function* slicesOfOperation({ operation, ticks }: OperationTicks): Generator<Slice> {
  for (const { tick, stable, canary } of ticks) {
    const both = <S>(side: (counts: typeof stable) => S): { stable: S; canary: S } => ({
      stable: side(stable),
      canary: side(canary),
    })
    // One for each trace: requests that one trace makes come together, and their number would say more than it knows.
    yield {
      tick,
      operation,
      metric: requestCount,
      ...both(({ traces }) => ({ kind: 'count', n: traces }) as const),
    }
    yield {
      tick,
      operation,
      metric: 'errors',
      ...both(({ traces, errors }) => ({ kind: 'rate', n: traces, events: errors }) as const),
    }
    yield {
      tick,
      operation,
      metric: 'client-errors',
      ...both(({ traces, clientErrors }) => ({ kind: 'rate', n: traces, events: clientErrors }) as const),
    }
    yield {
      tick,
      operation,
      metric: 'latency',
      ...both(({ traces, latency }) => ({ kind: 'distribution', n: traces, histogram: latency }) as const),
    }
  }
}
