import { type Facts, type Policy, requestCount, type Slice } from '@coalmine/comparator'
import type { OperationTicks } from '@coalmine/store'

/** Observes slices on their way to being judged, and passes them on. */
export type Reader = (slices: Iterable<Slice>, facts: Facts) => Iterable<Slice>

/** Whether to make slices of inner errors. Most services have none: only if the policy asks for them, or there are any. */
export function withInnerErrors(operations: readonly OperationTicks[], { metrics }: Pick<Policy, 'metrics'>): boolean {
  return (
    metrics.some(({ measure, gate }) => measure.kind === 'inner-errors' && gate === 'on') ||
    operations.some(({ ticks }) => ticks.some(({ stable, canary }) => stable.innerErrors + canary.innerErrors > 0))
  )
}

/** Turns ticks into slices, emptying the given array as it goes so that both are not held in memory. */
export function* slicesOf(operations: OperationTicks[], inner = false): Generator<Slice> {
  for (let next = operations.pop(); next; next = operations.pop()) yield* slicesOfOperation(next, inner)
}

function* slicesOfOperation({ operation, ticks }: OperationTicks, inner: boolean): Generator<Slice> {
  for (const { tick, stable, canary } of ticks) {
    const both = <S>(side: (counts: typeof stable) => S): { stable: S; canary: S } => ({
      stable: side(stable),
      canary: side(canary),
    })
    // Count traces: the requests of one trace are not independent, and counting them would overstate the evidence.
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
    if (inner)
      yield {
        tick,
        operation,
        metric: 'inner-errors',
        ...both(({ traces, innerErrors }) => ({ kind: 'rate', n: traces, events: innerErrors }) as const),
      }
    yield {
      tick,
      operation,
      metric: 'latency',
      ...both(({ traces, latency }) => ({ kind: 'distribution', n: traces, histogram: latency }) as const),
    }
  }
}
