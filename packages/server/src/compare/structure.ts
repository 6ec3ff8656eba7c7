import type { SpanTick } from '@coalmine/comparator'
import type { Comparison, OperationTicks, SomeTicks, Store } from '@coalmine/store'

// Enough to show what a service does below its requests. Later looks read the same ones.
const requestsRead = 5_000

/** Which spans lie below the first requests of a comparison; undefined if they have too many names. */
export async function structureTicks(
  store: Store,
  comparison: Comparison,
  operations: readonly OperationTicks[],
): Promise<readonly SpanTick[] | undefined> {
  return store.spans.below(comparison, firstTicks(operations))
}

/** The first ticks in which both cohorts served, as many as give enough requests; only a part of ticks with many more. */
function firstTicks(operations: readonly OperationTicks[]): SomeTicks {
  const served = new Map<number, { stable: number; canary: number }>()
  for (const { ticks } of operations)
    for (const { tick, stable, canary } of ticks) {
      const sum = served.get(tick) ?? { stable: 0, canary: 0 }
      served.set(tick, { stable: sum.stable + stable.requests, canary: sum.canary + canary.requests })
    }
  const ticksMs: number[] = []
  let requests = 0
  for (const [tick, { stable, canary }] of [...served].sort(([a], [b]) => a - b)) {
    if (stable === 0 || canary === 0) continue
    if (requests >= requestsRead) break
    ticksMs.push(tick)
    requests += stable + canary
  }
  return { ticksMs, oneIn: Math.max(1, Math.floor(requests / requestsRead)) }
}
