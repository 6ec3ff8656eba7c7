import type { EProcess } from '@coalmine/stats'
import type { Part, Statistic } from '../finding.ts'
import type { RateMargin, RatioMargin } from '../policy/margin.ts'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import type { OperationSeries, RateBlock } from '../series.ts'
import { blocksOfStrata } from '../series.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { type Bound, boundsOf, limitOf } from './claim.ts'
import { brokenBy, carriedBy, holding, type Region, type RegionEstimate, regionEstimates } from './distribution.ts'
import { type Limit, type RankedBlock, rankedAgainst } from './ranked.ts'
import { rateBound, rateEstimate } from './rate.ts'
import type { Tested } from './tested.ts'

const shown: Record<MetricPolicy['worse'], Record<Region, { readonly part: Part; readonly statistic: Statistic }>> = {
  higher: {
    typical: { part: 'typical', statistic: 'p50' },
    0.1: { part: 'highest 10 %', statistic: 'p90' },
    0.05: { part: 'highest 5 %', statistic: 'p95' },
    0.01: { part: 'highest 1 %', statistic: 'p99' },
  },
  lower: {
    typical: { part: 'typical', statistic: 'p50' },
    0.1: { part: 'lowest 10 %', statistic: 'p10' },
    0.05: { part: 'lowest 5 %', statistic: 'p5' },
    0.01: { part: 'lowest 1 %', statistic: 'p1' },
  },
}

/** So many of the values may always move from zero, or to it: no ratio allows the first of them. */
const allowedAtZero = 0.001

/** With fewer values above zero than this, how large they are is beyond the hundredth that PASS asks about. */
const rareAboveZero = 0.01

/**
 * A number (cost, bytes, tokens, calls) in two parts, since half of its values may be zero: how many are above zero, and
 * how large those are, by their rank and tails as for latency. A claim is broken when the mean of the two parts' evidence
 * says so, and holds when each part does. The margin on the number of values above zero is the same ratio, of their odds,
 * or 0.1 percentage points. What is to be better is to be so in size: above zero there must only not be more.
 *
 * A part that is not there is not asked: the zeros when no value is one, the size when hardly any value is above zero.
 */
export function testNumeric(series: readonly OperationSeries[], metric: MetricPolicy, statistics: Statistics): Tested {
  const { name, measure, worse, expect } = metric
  const margin = marginIn('ratio', metric)
  const shares = blocksOfStrata(series, (one) => one.rates.get(name) ?? [])
  const { zeros, rare } = partsOf(series, name)
  const limits = boundsOf(metric).map((bound) => limitFor(bound, margin, worse))
  const shareExpect = expect === 'better' && !rare ? 'no-worse' : expect
  const shareBounds = boundsOf({ expect: shareExpect, worse }).map((bound) =>
    rateBound(bound, shareMargin(margin), 'any', statistics),
  )
  const broken = brokenBy(limits, statistics)
  const estimateAt = regionEstimates(series, metric, statistics)
  const shareBroken = statistics.any(shareBounds.map(({ broken }) => broken))
  const evidence = statistics.any([passingOver(broken.process, isRanked), passingOver<RateBlock>(shareBroken, isRate)])
  const sizes = holding(limits, rankedAgainst(limits, series, metric, 'hold', statistics), statistics).map(
    ({ region, run }) => ({
      part: shown[worse][region].part,
      run,
    }),
  )
  const above = shareBounds.map(({ holds }) => ({ part: 'above zero' as const, run: statistics.run(holds, shares) }))
  return {
    worse: statistics.run(evidence, inOrder(rankedAgainst(limits, series, metric, 'break', statistics), shares)),
    within: [...(rare ? [] : sizes), ...(zeros ? above : [])],
    estimate(decision, level) {
      const carried = carriedBy(broken)
      if (decision === 'fail' ? shareBroken.maxLogE > carried.maxLogE : rare)
        return rateEstimate(shares, shareMargin(margin), 'above zero', decision, level, statistics)
      const region = decision === 'fail' ? carried.region : 'typical'
      const estimate = estimateAt(region, decision, level)
      const shownEstimate = worse === 'lower' ? turnedBack(estimate) : estimate
      return {
        ...shown[worse][region],
        unit: 'number',
        ...(zeros ? { zerosApart: true } : {}),
        ...(measure.kind === 'calls' ? whole(shownEstimate) : shownEstimate),
      }
    },
  }
}

/** The values are 1/x where lower is worse, and so is the limit: the lower side of x is the upper one of 1/x. */
function limitFor(bound: Bound, margin: RatioMargin, worse: MetricPolicy['worse']): Limit {
  const limit = limitOf(bound.moved, margin)
  if (worse === 'higher') return { bound, limit }
  return {
    bound: { side: bound.side === 'upper' ? 'lower' : 'upper', moved: bound.moved === 'up' ? 'down' : 'up' },
    limit: (value) => 1 / limit(1 / value),
  }
}

function shareMargin({ ratio }: RatioMargin): RateMargin {
  return { oddsRatio: 1 + ratio, difference: allowedAtZero }
}

/** Whether any value is zero, and whether hardly any is above it; of no values at all neither can be left out. */
function partsOf(
  series: readonly OperationSeries[],
  name: string,
): { readonly zeros: boolean; readonly rare: boolean } {
  let n = 0
  let events = 0
  for (const { sums } of series) {
    const sum = sums.get(name)
    n += sum?.n ?? 0
    events += sum?.events ?? 0
  }
  return { zeros: events < n || n === 0, rare: events < rareAboveZero * n }
}

function isRanked(block: RankedBlock | RateBlock): block is RankedBlock {
  return 'ranks' in block
}

function isRate(block: RankedBlock | RateBlock): block is RateBlock {
  return !isRanked(block)
}

/** A process that is fed the blocks of its own part, and passes over the other's. */
function passingOver<Own extends RankedBlock | RateBlock>(
  process: EProcess<Own>,
  isOwn: (block: RankedBlock | RateBlock) => block is Own,
): EProcess<RankedBlock | RateBlock> {
  return {
    add(...strata) {
      process.add(...strata.filter(isOwn))
    },
    get logE() {
      return process.logE
    },
    get maxLogE() {
      return process.maxLogE
    },
  }
}

/** Both parts' blocks as one sequence. */
function inOrder(values: readonly RankedBlock[], shares: readonly RateBlock[]): (RankedBlock | RateBlock)[] {
  return [...values, ...shares].sort((a, b) => a.tick - b.tick)
}

/** What was estimated of 1/x, told of x. */
function turnedBack({ stable, canary, effect, interval }: RegionEstimate): RegionEstimate {
  const inverse = (x: number | null): number | null => (x === null ? null : 1 / x)
  return {
    stable: { ...stable, value: inverse(stable.value) },
    canary: { ...canary, value: inverse(canary.value) },
    effect: { ...effect, value: inverse(effect.value) },
    interval: { ...interval, lower: inverse(interval.upper), upper: inverse(interval.lower) },
  }
}

/** Calls are whole numbers: up to here a bucket holds only one of them. */
const largestApart = 45

function whole(estimate: RegionEstimate): RegionEstimate {
  const { stable, canary, effect } = estimate
  const value = (x: number | null): number | null => (x === null || x > largestApart ? x : Math.round(x))
  const [from, to] = [value(stable.value), value(canary.value)]
  return {
    ...estimate,
    stable: { ...stable, value: from },
    canary: { ...canary, value: to },
    effect: { ...effect, value: from === null || to === null || from === 0 ? effect.value : to / from },
  }
}
