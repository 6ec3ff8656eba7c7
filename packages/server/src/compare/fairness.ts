import type { FairnessFacts } from '@coalmine/comparator'
import {
  addressesOf,
  type Comparison,
  type ComparisonFacts,
  type InstanceLife,
  type OperationTicks,
  type SomeTicks,
  type Store,
} from '@coalmine/store'
import { unlessTooSlow } from './unless-too-slow.ts'

/** The data by which the fairness of a comparison is judged. */
interface ComparisonRead {
  readonly found: ComparisonFacts
  readonly instances: readonly InstanceLife[] | undefined
  readonly operations: readonly OperationTicks[]
  readonly builds: Awaited<ReturnType<Store['cohorts']['builds']>>
  /** How long an instance warms up, in seconds. */
  readonly warmUp: number
  readonly now: number
}

/** Reads from the store whether a comparison is fair. */
export async function fairnessFacts(
  store: Store,
  comparison: Comparison,
  { found, instances, operations, builds, warmUp, now }: ComparisonRead,
): Promise<FairnessFacts> {
  const [sample, cells] = await Promise.all([
    store.spans.sample(comparison, sampledTicks(operations)),
    cellsOf(store, comparison, instances ?? [], operations, warmUp),
  ])
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
    cells,
    builds: builds ?? null,
    aheadMs: Math.max(found.stable.lastMs ?? now, found.canary.lastMs ?? now) - now,
    sample: sample ?? null,
    calls: sample ? await store.spans.calls(comparison, addressesOf(sample)) : [],
  }
}

// Enough to tell hosts apart; more would only cost time.
const lookedAt = { instances: 10, operations: 5, blocks: 20 }

/** The data of the busiest instances at stable's busiest operations, where instances can be compared with each other. */
async function cellsOf(
  store: Store,
  comparison: Comparison,
  instances: readonly InstanceLife[],
  operations: readonly OperationTicks[],
  warmUpSeconds: number,
): Promise<FairnessFacts['cells']> {
  const most = (cohort: 'stable' | 'canary'): InstanceLife[] =>
    instances
      .filter((one) => one.cohort === cohort)
      .sort((a, b) => b.requests - a.requests)
      .slice(0, lookedAt.instances)
  const [stable, canary] = [most('stable'), most('canary')]
  if (stable.length < 3 && canary.length < 2) return []
  const served = operations
    .map(({ operation, ticks }) => ({ operation, n: ticks.reduce((sum, tick) => sum + tick.stable.traces, 0) }))
    .sort((a, b) => b.n - a.n)
    .slice(0, lookedAt.operations)
  const asked = {
    instances: [...stable, ...canary],
    operations: served.map(({ operation }) => operation),
    blocks: lookedAt.blocks,
    warmUpSeconds,
  }
  return (await unlessTooSlow(() => store.ticks.instanceCells(comparison, asked))) ?? []
}

// A few thousand requests show how all were measured; reading a minute of them takes some 50 ms.
const mostSampledTicks = 12
const sampledRequests = 20_000

// Where in the window to check clocks, besides its end: a clock that was corrected was off before.
const clockTicks = [0, 0.25, 0.5, 0.75]

/** The last ticks in which both cohorts served, as many as give enough requests; only a part of a tick with many more. */
function sampledTicks(operations: readonly OperationTicks[]): SomeTicks {
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
  const ticksMs: number[] = []
  let requests = 0
  for (const [tick, { stable, canary }] of both.slice(-mostSampledTicks).reverse()) {
    if (ticksMs.length > 0 && requests + stable + canary > sampledRequests) break
    requests += stable + canary
    ticksMs.unshift(tick)
  }
  const callsMs = tickOfCallers(both)
  const clocksMs = clockTicks
    .map((part) => both[Math.floor(part * (both.length - 1))]?.[0])
    .filter((tick) => tick !== undefined && (callsMs === undefined || tick <= callsMs)) as number[]
  const oneIn = Math.max(1, Math.floor(requests / sampledRequests))
  return { ticksMs, oneIn, callsMs, clocksMs: [...new Set(clocksMs)] }
}

// So many requests of a cohort name the addresses at which it is called.
const enoughCalled = 20

/** The last tick that has enough requests of both cohorts, or else the one with the most: the last of a window may hold a few stragglers. */
function tickOfCallers(
  both: readonly (readonly [number, { readonly stable: number; readonly canary: number }])[],
): number | undefined {
  const fewest = ({ stable, canary }: { stable: number; canary: number }): number => Math.min(stable, canary)
  const enough = both.findLast(([, sum]) => fewest(sum) >= enoughCalled)
  if (enough) return enough[0]
  const most = both.reduce((found, [, sum]) => Math.max(found, fewest(sum)), 0)
  return both.findLast(([, sum]) => fewest(sum) === most)?.[0]
}

function warmUpValues(operations: readonly OperationTicks[], cohort: 'stable' | 'canary'): number {
  return operations.reduce((sum, { ticks }) => sum + ticks.reduce((values, tick) => values + tick[cohort].warmUp, 0), 0)
}
