import type { FairnessFacts } from '@coalmine/comparator'
import type { Comparison, ComparisonFacts, InstanceLife, OperationTicks, Store } from '@coalmine/store'

/** What the store knows that tells whether a comparison is fair. */
export async function fairnessFacts(
  store: Store,
  comparison: Comparison,
  found: ComparisonFacts,
  instances: readonly InstanceLife[] | undefined,
  operations: readonly OperationTicks[],
  now: number,
): Promise<FairnessFacts> {
  return {
    warmUp: { stable: warmUpValues(operations, 'stable'), canary: warmUpValues(operations, 'canary') },
    instances:
      instances?.map(({ instance, cohort, firstMs, lastMs, bornMs }) => ({
        instance,
        cohort,
        firstMs,
        lastMs,
        born: bornMs !== undefined,
      })) ?? null,
    builds: (await store.buildsSeen(comparison, found)) ?? null,
    aheadMs: Math.max(found.stable.lastMs ?? now, found.canary.lastMs ?? now) - now,
    sample: (await store.sample(comparison, sampledTicks(operations))) ?? null,
  }
}

// A few thousand requests tell how all of them were measured; a minute of them is read in some 50 ms.
const SAMPLED_TICKS = 12
const SAMPLED_REQUESTS = 20_000

/** The last ticks in which both cohorts served, until they have enough requests. */
function sampledTicks(operations: readonly OperationTicks[]): number[] {
  const served = new Map<number, { stable: number; canary: number }>()
  for (const { ticks } of operations)
    for (const { tick, stable, canary } of ticks) {
      const sum = served.get(tick)
      served.set(tick, {
        stable: stable.requests + (sum?.stable ?? 0),
        canary: canary.requests + (sum?.canary ?? 0),
      })
    }
  const both = [...served].filter(([, sum]) => sum.stable > 0 && sum.canary > 0).sort(([a], [b]) => a - b)
  const sampled: number[] = []
  let requests = 0
  for (const [tick, { stable, canary }] of both.slice(-SAMPLED_TICKS).reverse()) {
    requests += stable + canary
    if (sampled.length > 0 && requests > SAMPLED_REQUESTS) break
    sampled.unshift(tick)
  }
  return sampled
}

function warmUpValues(operations: readonly OperationTicks[], cohort: 'stable' | 'canary'): number {
  return operations.reduce((sum, { ticks }) => sum + ticks.reduce((values, tick) => values + tick[cohort].warmUp, 0), 0)
}
