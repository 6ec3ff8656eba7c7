import {
  countOf,
  type Histogram,
  matchedQuantiles,
  meanProcess,
  rankProcess,
  scaleInterval,
  tailProcess,
} from '@coalmine/stats'
import { blocksOfStrata, run, type TimedBlock } from './run.ts'
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
 * Latency is worse when the mean of four e-processes says so: the rank, and the slowest tenth, twentieth and hundredth.
 * It is within the margin only when the rank, the slowest tenth and the slowest hundredth each say so: a bad tail never
 * passes.
 */
export function testLatency(series: readonly OperationSeries[]): Tested {
  const blocks = blocksOfStrata(series, (one) => one.latency)
  const rank = rankProcess({ alternative: 'greater' })
  const tailParts = tails.map((share) => ({
    part: partOf[share],
    process: tailProcess({ alternative: 'greater', share }),
  }))
  const worse = run(meanProcess([rank, ...tailParts.map(({ process }) => process)]), withMargin(blocks, 'up'))
  const easier = withMargin(blocks, 'down')
  const within = [
    { part: 'typical' as const, run: run(rankProcess({ alternative: 'less' }), easier) },
    ...([0.1, 0.01] as const).map((share) => ({
      part: partOf[share],
      run: run(tailProcess({ alternative: 'less', share }), easier),
    })),
  ]
  return { worse, within, estimate }

  function estimate(decision: Decision, level: number): ReturnType<Tested['estimate']> {
    const carried = tailParts.reduce(
      (best, tail) => (tail.process.maxLogE > best.maxLogE ? { part: tail.part, maxLogE: tail.process.maxLogE } : best),
      { part: 'typical' as Part, maxLogE: rank.maxLogE },
    )
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

function withMargin(blocks: readonly LatencyBlock[], rounding: 'up' | 'down'): TimedBlock<Histogram>[] {
  return blocks.map(({ tick, canary, acceptable }) => ({ tick, stable: acceptable[rounding], canary }))
}

function total(blocks: readonly LatencyBlock[], arm: 'stable' | 'canary'): number {
  return blocks.reduce((sum, block) => sum + countOf(block[arm]), 0)
}
