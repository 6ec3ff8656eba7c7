import { matchedRates } from '@coalmine/stats'
import type { Decided } from '../decide.ts'
import type { Facts } from '../facts.ts'
import type { Hosts } from '../fairness/hosts.ts'
import type { Finding, Part } from '../finding.ts'
import { testIn } from '../gate.ts'
import { type Region, regionEstimates } from '../metrics/distribution.ts'
import type { Estimate } from '../metrics/tested.ts'
import { rounded } from '../numbers.ts'
import type { Margin } from '../policy/margin.ts'
import type { Policy } from '../policy/policy.ts'
import type { Scope } from '../scopes.ts'
import { blocksOfStrata, type OperationSeries } from '../series.ts'
import { statisticsOf } from '../statistics/statistics-of.ts'
import { tickMs } from '../tick.ts'
import type { EffectOverTime, EffectPoint } from './charts.ts'

// Each is a confidence sequence worked out anew: enough to see how it narrows, fewer where each takes long.
const moments = { most: 16, fewest: 4, ofTicks: 200_000 }

/** How the estimate of a finding's difference narrowed, at the level of its decision; it pauses after each moment. */
export function* effectOverTime(
  decided: Decided,
  all: readonly OperationSeries[],
  policy: Policy,
  facts: Facts,
  hosts: Hosts | null,
): Generator<undefined, EffectOverTime | null> {
  const { scope, metric, decision, level } = decided
  const ticks = [...new Set(scope.series.flatMap((one) => one.requests.map(({ tick }) => tick)))].sort((a, b) => a - b)
  if (ticks.length < 2) return null
  const last = decided.tested.estimate(decision, level)
  const startMs = Date.parse(facts.window.start)
  const size = scope.series.reduce((sum, one) => sum + one.requests.length, 0)
  const count = Math.min(moments.most, Math.max(moments.fewest, Math.round(moments.ofTicks / size)))
  const points: EffectPoint[] = []
  for (let at = 1; at <= count; at += 1) {
    yield
    const tick = ticks[Math.ceil((at * ticks.length) / count) - 1]!
    const seconds = (tick + tickMs - startMs) / 1000
    if (points.at(-1)?.at === seconds) continue
    const estimate = tick === ticks.at(-1) ? last : estimateUntil(tick)
    const { value } = estimate.effect
    const { lower, upper, changed } = estimate.interval
    points.push({
      at: seconds,
      value: short(value),
      lower: changed ? null : short(lower),
      upper: changed ? null : short(upper),
    })
  }
  return { kind: last.effect.kind, level: rounded(level), margin: marginOnScale(metric.margin, last), points }

  function estimateUntil(tick: number): Pick<Estimate, 'effect' | 'interval'> {
    const cut = (one: OperationSeries): OperationSeries => until(one, tick)
    const part = { ...scope, series: scope.series.map(cut), ...(scope.whole && { whole: cut(scope.whole) }) }
    // The whole test of every moment would take many times as long, and say the same.
    const region = regionOf(last.part)
    if (region !== undefined)
      return regionEstimates(part.series, metric, statisticsOf(policy.mode))(region, decision, level)
    if (last.part === 'rate') return onScaleOf(last.effect.kind, part)
    return testIn(part, metric, all, policy, facts, hosts).estimate(decision, level)
  }

  function onScaleOf(
    kind: Finding['effect']['kind'],
    { whole, series }: Pick<Scope, 'whole' | 'series'>,
  ): Pick<Estimate, 'effect' | 'interval'> {
    const blocks = blocksOfStrata(whole ? [whole] : series, (one) => one.rates.get(metric.name) ?? [])
    const matched = matchedRates(blocks)
    const { oddsRatioInterval, riskDifferenceInterval } = statisticsOf(policy.mode)
    const interval = kind === 'odds-ratio' ? oddsRatioInterval : riskDifferenceInterval
    return {
      effect: { kind, value: matched ? between(kind, matched) : null },
      interval: { ...interval(blocks, { alpha: level }), level, changed: false },
    }
  }
}

/** The region of a distribution that a part is; undefined for what is none. */
function regionOf(part: Part): Region | undefined {
  if (part === 'typical') return 'typical'
  const percent = /^(?:slowest|highest|lowest) (10|5|1) %$/.exec(part)?.[1]
  return percent === undefined ? undefined : ({ 10: 0.1, 5: 0.05, 1: 0.01 } as const)[percent as '10' | '5' | '1']
}

function between(
  kind: Finding['effect']['kind'],
  { stable, canary }: { stable: number; canary: number },
): number | null {
  if (kind === 'difference') return canary - stable
  const odds = (rate: number): number => rate / (1 - rate)
  return stable > 0 && canary < 1 ? odds(canary) / odds(stable) : null
}

function until(one: OperationSeries, last: number): OperationSeries {
  const some = <Block extends { readonly tick: number }>(blocks: readonly Block[]): Block[] =>
    blocks.filter(({ tick }) => tick <= last)
  const each = <Block extends { readonly tick: number }>(map: ReadonlyMap<string, readonly Block[]>) =>
    new Map([...map].map(([name, blocks]) => [name, some(blocks)]))
  return {
    ...one,
    requests: some(one.requests),
    distributions: each(one.distributions),
    rates: each(one.rates),
    failures: each(one.failures),
  }
}

/** How much worse is acceptable, on the scale on which the effect is told; null where it is not on one scale. */
function marginOnScale(margin: Margin, { effect, stable }: Pick<Finding, 'effect' | 'stable'>): number | null {
  if ('seconds' in margin) {
    const { value } = stable
    if (effect.kind !== 'ratio') return null
    const bySeconds = value !== null && value > 0 ? margin.seconds / value : 0
    return rounded(1 + Math.max(margin.ratio, bySeconds), 4)
  }
  if ('oddsRatio' in margin)
    return effect.kind === 'odds-ratio' ? margin.oddsRatio : rounded(differenceOf(margin, stable.value), 4)
  return effect.kind === 'ratio' ? rounded(1 + margin.ratio, 4) : null
}

/** The larger half of a margin, as a difference of shares. */
function differenceOf(
  { oddsRatio, difference }: { readonly oddsRatio: number; readonly difference: number },
  rate: number | null,
): number {
  if (rate === null) return difference
  return Math.max(difference, (rate * oddsRatio) / (1 - rate + rate * oddsRatio) - rate)
}

const short = (value: number | null): number | null => (value === null ? null : rounded(value, 4))
