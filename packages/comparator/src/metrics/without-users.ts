import type { Histogram, Rate } from '@coalmine/stats'
import type { HeaviestUsers, UserTick } from '../facts.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import { type DistributionBlock, type OperationSeries, type RateBlock, wholeService } from '../series.ts'

/**
 * The series of a scope without what some users did in the canary: no one user is to carry a FAIL. A block of several ticks is
 * without all that they did since the block before it.
 */
export function withoutUsers(
  series: readonly OperationSeries[],
  { name, measure }: MetricPolicy,
  { ticks }: HeaviestUsers,
): OperationSeries[] {
  return series.map((one) => {
    const own = ticks
      .filter(({ operation }) => one.operation === wholeService || operation === one.operation)
      .sort((a, b) => a.tick - b.tick)
    if (own.length === 0) return one
    const distributions = new Map(one.distributions)
    const rates = new Map(one.rates)
    if (measure.kind === 'latency') distributions.set(name, left(one.distributions.get(name) ?? [], own, lessLatency))
    else
      rates.set(
        name,
        left(one.rates.get(name) ?? [], own, measure.kind === 'client-errors' ? lessClientErrors : lessErrors),
      )
    return { ...one, distributions, tails: undefined, rates }
  })
}

function left<Block extends DistributionBlock | RateBlock>(
  blocks: readonly Block[],
  ticks: readonly UserTick[],
  less: (canary: Block['canary'], tick: UserTick) => Block['canary'],
): Block[] {
  let next = 0
  return blocks.map((block) => {
    let canary = block.canary
    for (; next < ticks.length && ticks[next]!.tick <= block.tick; next += 1) canary = less(canary, ticks[next]!)
    if (canary === block.canary) return block
    // How many values each arm has is counted anew.
    return { tick: block.tick, stable: block.stable, canary } as Block
  })
}

const lessErrors = (canary: Rate, tick: UserTick): Rate => lessRate(canary, tick.traces, tick.errors)
const lessClientErrors = (canary: Rate, tick: UserTick): Rate => lessRate(canary, tick.traces, tick.clientErrors)

function lessRate({ n, events }: Rate, traces: number, bad: number): Rate {
  const kept = Math.max(0, events - bad)
  return { n: Math.max(kept, n - traces), events: kept }
}

function lessLatency(canary: Histogram, { latency }: UserTick): Histogram {
  const theirs = new Map(latency.indices.map((index, at) => [index, latency.counts[at]!]))
  // While an instance warms up its values are not in the series: there is nothing of theirs to take out.
  const counts = canary.indices.map((index, at) => Math.max(0, canary.counts[at]! - (theirs.get(index) ?? 0)))
  return { ...canary, zero: Math.max(0, canary.zero - latency.zero), counts }
}
