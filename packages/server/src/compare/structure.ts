import type { SpanTick } from '@coalmine/comparator'
import type { Comparison, OperationTicks, SomeTicks, Store } from '@coalmine/store'

// What a service does below its requests shows in these; and the same ones are looked at as time goes on.
const requestsRead = 5_000

/** Which spans lie below the first requests of a comparison; undefined where they have too many names to tell. */
export async function structureTicks(
  store: Store,
  comparison: Comparison,
  operations: readonly OperationTicks[],
): Promise<readonly SpanTick[] | undefined> {
  return store.spans.below(comparison, firstTicks(operations))
}

/** The first ticks in which both cohorts served, until they have enough requests; of ticks that have many more, a part. */
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
