import {
  countOf,
  type Distributions,
  type EProcess,
  mapHistogram,
  matchedQuantiles,
  meanProcess,
  rankProcess,
  scaleInterval,
  tailProcess,
} from '@coalmine/stats'
import { alternativesOf, type Bound, boundsOf, limitOf } from './claim.ts'
import { type MetricPolicy, marginIn } from './metric-policy.ts'
import { blocksOfStrata, feeding, run, type TimedBlock } from './run.ts'
import type { LatencyBlock, OperationSeries } from './series.ts'
import { shownInterval, type Tested } from './tested.ts'
import type { Decision, Finding, Part } from './verdict.ts'

const tails = [0.1, 0.05, 0.01] as const
type Tail = (typeof tails)[number]

const partOf: Record<Tail, Part> = { 0.1: 'slowest 10 %', 0.05: 'slowest 5 %', 0.01: 'slowest 1 %' }
const shown: Record<string, { quantile: number; statistic: Finding['statistic']; test: 'rank' | Tail }> = {
  typical: { quantile: 0.5, statistic: 'p50', test: 'rank' },
  'slowest 10 %': { quantile: 0.9, statistic: 'p90', test: 0.1 },
  'slowest 5 %': { quantile: 0.95, statistic: 'p95', test: 0.05 },
  'slowest 1 %': { quantile: 0.99, statistic: 'p99', test: 0.01 },
}

/**
 * A claim about latency is broken when the mean of four e-processes says so: the rank, and the slowest tenth, twentieth
 * and hundredth. It holds only when the rank, the slowest tenth and the slowest hundredth each say so: a bad tail never
 * passes.
 */
export function testLatency(series: readonly OperationSeries[], metric: MetricPolicy): Tested {
  const blocks = blocksOfStrata(series, (one) => one.latency)
  const margin = marginIn('latency', metric)
  const bounds = boundsOf(metric).map((bound) => ({ bound, limit: limitOf(bound.moved, margin) }))
  const broken = bounds.map(({ bound, limit }) => brokenBy(bound, limit))
  const worse = run(meanProcess(broken.map(({ process }) => process)), blocks)
  const within = bounds.flatMap(({ bound, limit }) => holding(bound, limit, blocks))
  const parts = broken.flatMap((one) => one.parts)
  return { worse, within, estimate }

  function estimate(decision: Decision, level: number): ReturnType<Tested['estimate']> {
    const carried = parts.reduce((best, one) => (one.process.maxLogE > best.process.maxLogE ? one : best))
    const part = decision === 'fail' ? carried.part : 'typical'
    const { quantile, statistic, test } = shown[part]!
    const matched = matchedQuantiles(blocks, quantile)
    return {
      statistic,
      stable: { count: total(blocks, 'stable'), events: null, value: matched?.stable ?? null },
      canary: { count: total(blocks, 'canary'), events: null, value: matched?.canary ?? null },
      part,
      effect: { kind: 'ratio', value: matched && matched.stable > 0 ? matched.canary / matched.stable : null },
      interval: shownInterval(scaleInterval(blocks, { alpha: level, part: test }), level, decision),
    }
  }
}

type Limit = (value: number) => number

/** Evidence that a bound is broken, and the parts that it is the mean of. Buckets are rounded for the canary. */
function brokenBy(
  bound: Bound,
  limit: Limit,
): {
  process: EProcess<LatencyBlock>
  parts: { part: Part; process: EProcess<Distributions> }[]
} {
  const { broken: alternative } = alternativesOf(bound)
  const parts = [
    { part: 'typical' as Part, process: rankProcess({ alternative }) },
    ...tails.map((share) => ({ part: partOf[share], process: tailProcess({ alternative, share }) })),
  ]
  const mean = meanProcess(parts.map(({ process }) => process))
  const rounding = bound.side === 'upper' ? 'up' : 'down'
  const process = feeding(mean, ({ stable, canary }: LatencyBlock) => ({
    stable: mapHistogram(stable, limit, rounding),
    canary,
  }))
  return { process, parts }
}

/** Evidence that a bound holds, part by part. Buckets are rounded against the canary. */
function holding(bound: Bound, limit: Limit, blocks: readonly LatencyBlock[]): Tested['within'] {
  const { holds: alternative } = alternativesOf(bound)
  const rounding = bound.side === 'upper' ? 'down' : 'up'
  const limited = blocks.map(
    ({ tick, stable, canary }): TimedBlock<Distributions['stable']> => ({
      tick,
      stable: mapHistogram(stable, limit, rounding),
      canary,
    }),
  )
  return [
    { part: 'typical' as const, run: run(rankProcess({ alternative }), limited) },
    ...([0.1, 0.01] as const).map((share) => ({
      part: partOf[share],
      run: run(tailProcess({ alternative, share }), limited),
    })),
  ]
}

function total(blocks: readonly LatencyBlock[], arm: 'stable' | 'canary'): number {
  return blocks.reduce((sum, block) => sum + countOf(block[arm]), 0)
}
