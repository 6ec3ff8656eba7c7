import { type Alternative, type EProcess, matchedRates, type Rates } from '@coalmine/stats'
import type { Decision, Part } from '../finding.ts'
import type { RateMargin } from '../policy/margin.ts'
import { type MetricPolicy, marginIn } from '../policy/metric-policy.ts'
import type { OperationSeries, RateBlock } from '../series.ts'
import { blocksOfStrata } from '../series.ts'
import { feeding, feedingSome } from '../statistics/run.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { type Bound, boundsOf } from './claim.ts'
import { type Estimate, shownInterval, type Tested } from './tested.ts'

/**
 * A rate (errors, client errors, a share) is beyond the margin of another if it is beyond both the odds ratio and the difference;
 * it is within the margin if it is below either. A half of the margin that is zero allows nothing and is left out. If the
 * margin moves stable down, stable's rate is compared with the canary's instead of the other way round. `beyond`
 * has the margin that FAIL needs, if that is wider than the one that PASS needs.
 */
export function testRate(
  series: readonly OperationSeries[],
  metric: MetricPolicy,
  statistics: Statistics,
  beyond: MetricPolicy = metric,
  stands: (tick: number) => boolean = () => true,
): Tested {
  const margin = marginIn('rate', metric)
  const blocks = blocksOfStrata(series, (one) => ruled(one, metric.name))
  const events = metric.measure.kind === 'share' ? 'any' : 'rare'
  const boundsWith = (margin: RateMargin): ReturnType<typeof rateBound>[] =>
    boundsOf(metric).map((bound) => rateBound(bound, margin, events, statistics))
  const broken = boundsWith(marginIn('rate', beyond)).map(({ broken }) => broken)
  return {
    ...statistics.runStanding<RuledBlock>(statistics.any(broken), stands, blocks),
    within: boundsWith(margin).map(({ holds }) => ({ part: 'rate', run: statistics.run(holds, blocks) })),
    estimate: (decision, level) => rateEstimate(blocks, margin, 'rate', decision, level, statistics),
  }
}

/** A block of rates, and how frequent events were in its operation before it: rare, unless it says otherwise. */
interface RuledBlock extends RateBlock {
  readonly before?: 'unknown' | 'the rule'
}

/**
 * The blocks of an operation. In some, events are the rule: a scanner gets 404 for every request. Whether they are is decided from
 * earlier blocks alone, so that tests may depend on it.
 */
function ruled({ rates, sums }: OperationSeries, name: string): readonly RuledBlock[] {
  const blocks = rates.get(name) ?? []
  const sum = sums.get(name)
  if (!sum) return blocks
  let { n, events } = sum
  // The blocks may be new ones alone, the sums are of all.
  for (const { stable, canary } of blocks) {
    n -= stable.n + canary.n
    events -= stable.events + canary.events
  }
  return blocks.map((block) => {
    const before = n <= 0 ? 'unknown' : 2 * events > n ? 'the rule' : undefined
    n += block.stable.n + block.canary.n
    events += block.stable.events + block.canary.events
    return before ? { ...block, before } : block
  })
}

/**
 * Evidence that a side of a claim about a rate is broken, and that it holds. Evidence of a difference grows fast where
 * events are rare, as errors are, or where they are the rule and their absence is looked at instead; of events that may be either, both
 * are looked at.
 */
export function rateBound(
  { side, moved }: Bound,
  margin: RateMargin,
  events: 'rare' | 'any',
  statistics: Statistics,
): { readonly broken: EProcess<Rates>; readonly holds: EProcess<Rates> } {
  const beyond = (): EProcess<Rates> => statistics.all(evidence('greater', margin, events, statistics))
  const inside = (): EProcess<Rates> => statistics.any(evidence('less', margin, events, statistics))
  const standing = (process: EProcess<Rates>, alternative: Alternative): EProcess<Rates> =>
    statistics.ratesStand(process, alternative, (rate) => rateLimit(rate, margin))
  const toward = (process: EProcess<Rates>): EProcess<Rates> => (moved === 'up' ? process : feeding(process, swapped))
  return (side === 'upper') === (moved === 'up')
    ? { broken: toward(standing(beyond(), 'greater')), holds: toward(inside()) }
    : { broken: toward(standing(inside(), 'less')), holds: toward(beyond()) }
}

/** What is told of a rate, on the scale of the half of the margin that is the larger. */
export function rateEstimate(
  blocks: readonly RateBlock[],
  margin: RateMargin,
  part: Part,
  decision: Decision,
  level: number,
  statistics: Statistics,
): Estimate {
  const matched = matchedRates(blocks)
  const side = (arm: 'stable' | 'canary'): Estimate['stable'] => ({
    count: blocks.reduce((sum, block) => sum + block[arm].n, 0),
    events: blocks.reduce((sum, block) => sum + block[arm].events, 0),
    value: matched?.[arm] ?? null,
  })
  const common = {
    statistic: 'share of requests' as const,
    unit: 'share' as const,
    stable: side('stable'),
    canary: side('canary'),
    part,
  }
  if (matched && byOddsRatio(matched.stable, margin)) {
    const value = matched.canary === 1 ? null : odds(matched.canary) / odds(matched.stable)
    return {
      ...common,
      effect: { kind: 'odds-ratio', value },
      interval: shownInterval(statistics.oddsRatioInterval(blocks, { alpha: level }), level, decision, value),
    }
  }
  const value = matched ? matched.canary - matched.stable : null
  return {
    ...common,
    effect: { kind: 'difference', value },
    interval: shownInterval(statistics.riskDifferenceInterval(blocks, { alpha: level }), level, decision, value),
  }
}

type Ruled = Rates & Pick<RuledBlock, 'before'>

const swapped = ({ stable, canary, ...more }: Ruled): Ruled => ({ ...more, stable: canary, canary: stable })

/** The events, or their absence where they are the rule; nothing while that is not known. */
function rarer(block: Ruled): Rates | undefined {
  if (block.before === 'unknown') return undefined
  return block.before === 'the rule' ? absent(block) : block
}

/** That the canary lacks the event more often is that stable has it more often, by as much. */
const absent = ({ stable, canary }: Rates): Rates => ({
  stable: { n: canary.n, events: canary.n - canary.events },
  canary: { n: stable.n, events: stable.n - stable.events },
})

function evidence(
  alternative: 'greater' | 'less',
  { oddsRatio, difference }: RateMargin,
  events: 'rare' | 'any',
  statistics: Statistics,
): EProcess<Rates>[] {
  const odds = statistics.odds(alternative, oddsRatio)
  if (difference === 0) return [odds]
  const one = statistics.difference(alternative, difference)
  const more = (): EProcess<Rates> => feeding(statistics.difference(alternative, difference), absent)
  const mayGoByRule = alternative === 'less' && statistics.kind === 'e-value'
  const either = events === 'any' ? statistics.any([one, more()]) : mayGoByRule ? feedingSome(one, rarer) : one
  return oddsRatio === 1 ? [either] : [odds, either]
}

/** The rate that the margin allows where stable has this one. */
export function rateLimit(rate: number, { oddsRatio, difference }: RateMargin): number {
  return Math.max(rateAtOdds(rate, { oddsRatio }), rate + difference)
}

function rateAtOdds(rate: number, { oddsRatio }: Pick<RateMargin, 'oddsRatio'>): number {
  return (rate * oddsRatio) / (1 - rate + rate * oddsRatio)
}

/** Which half of the margin is the larger at this rate: the effect is told on its scale. */
function byOddsRatio(rate: number, margin: RateMargin): boolean {
  if (rate <= 0 || rate >= 1) return false
  return margin.difference === 0 || rateAtOdds(rate, margin) - rate > margin.difference
}

function odds(rate: number): number {
  return rate / (1 - rate)
}
