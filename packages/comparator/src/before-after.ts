import { countOf, type Histogram, mergeHistograms, quantileOf, type Rate, studentQuantile } from '@coalmine/stats'
import { mean, sampleVariance } from 'simple-statistics'
import type { BeforeAfter, EarlierDay, Sums } from './facts.ts'
import type { Tested } from './metrics/tested.ts'
import { aboveZero, shareAboveZero } from './numeric-parts.ts'
import type { LatencyMargin, Margin, RateMargin } from './policy/margin.ts'
import { marginFormOf } from './policy/measure.ts'
import type { MetricPolicy } from './policy/metric-policy.ts'
import type { Policy } from './policy/policy.ts'
import type { Reason } from './reason.ts'
import type { Scope } from './scopes.ts'
import { requestCount, type Side, type Slice } from './slice.ts'
import type { Run } from './statistics/run.ts'

/** The minimum number of days to estimate how much days differ. */
export const fewestDays = 3

/**
 * Builds a day from its slices, using only stable's sides. `laterMs` is how much later the canary ran.
 *
 * @example earlierDay('2026-11-20', slices, 86_400_000).date // '2026-11-20'
 */
export function earlierDay(date: string, slices: Iterable<Slice>, laterMs: number): EarlierDay {
  const { sums, requests } = collected(slices, 'stable', laterMs)
  return { date, sums, requests }
}

/**
 * The canary beside the same hours of earlier days, as slices that `judge` takes with those days among its facts. Nothing ran
 * at the same time, so there is no tick in which the two can be compared: each metric of an operation is one slice of the whole
 * window, at its last tick. Only the canary's sides of what is given count.
 *
 * @example judge(slicesAgainst(days, slices), policyAgainstDays(policy), { ...facts, earlier: days })
 */
export function slicesAgainst(days: readonly EarlierDay[], canary: Iterable<Slice>): Slice[] {
  const { sums, requests } = collected(canary, 'canary', 0)
  const last = Math.max(...[...requests.values()].flatMap((ticks) => [...ticks.keys()]))
  const operations = new Set([sums, ...days.map((day) => day.sums)].flatMap((one) => [...one.keys()]))
  return [...operations].flatMap((operation) => {
    const counted = [requests, ...days.map((day) => day.requests)].map((one) => one.get(operation) ?? new Map())
    const ticks = [...new Set(counted.flatMap((one) => [...one.keys()] as number[]))]
    const [ofCanary, ...ofDays] = counted
    const counts = ticks.map((tick) => ({
      tick,
      operation,
      metric: requestCount,
      stable: count(ofDays.reduce((sum, one) => sum + (one.get(tick) ?? 0), 0)),
      canary: count(ofCanary!.get(tick) ?? 0),
    }))
    const metrics = new Set(
      [sums, ...days.map((day) => day.sums)].flatMap((one) => [...(one.get(operation)?.keys() ?? [])]),
    )
    const values = [...metrics].flatMap((metric) => {
      const before = days.flatMap((day) => day.sums.get(operation)?.get(metric) ?? [])
      const after = sums.get(operation)?.get(metric)
      const kind = after ?? before[0]!
      return [{ tick: last, operation, metric, stable: joined(before, kind), canary: after ?? joined([], kind) }]
    })
    return [...counts, ...values]
  })
}

/**
 * The policy for judging a canary against earlier days: one look, at the end, and no split.
 *
 * @example policyAgainstDays(defaultPolicy).mode // 'fixed'
 */
export function policyAgainstDays(policy: Policy): Policy {
  return { ...policy, mode: 'fixed', split: null }
}

/** Whether a metric can be judged against other days: what is missing from a split, or is to be better, needs a stable beside it. */
export function judgedAgainstDays({ measure, expect }: MetricPolicy): boolean {
  return marginFormOf(measure) !== 'loss' && (expect === 'no-worse' || expect === 'worse-by-at-most')
}

/**
 * A metric in a scope against earlier days, its margin widened by how much those days differ from each other: the canary's day may
 * be as far from their mean as Student's t allows for one more day like them, at `level`. So the chance that a good canary on a day
 * like these is beyond the widened margin is at most `level`, for days whose levels are independent and, as logarithms, normal.
 *
 * Harm is what is beyond the widened margin; PASS is for what is seen within the margin itself, so that a canary beyond the
 * widened one does not pass on a lucky day. Where fewer than three days have values, nothing is known.
 */
export function testedAgainstDays(
  metric: MetricPolicy,
  scope: Scope,
  days: readonly EarlierDay[],
  level: number,
  test: (metric: MetricPolicy) => Tested,
): { readonly metric: MetricPolicy; readonly tested: Tested } {
  const sides = days.map((day) => sideOf(day, scope, metric.name)).filter((side) => side !== undefined)
  const margin = widenedMargin(metric, sides, level)
  const narrow = test(metric)
  if (margin === undefined) {
    const within = narrow.within.map(({ part }) => ({ part, run: nothing }))
    return { metric, tested: { ...narrow, worse: nothing, within } }
  }
  const wide = { ...metric, margin }
  return { metric: wide, tested: { ...test(wide), within: narrow.within } }
}

const nothing: Run = { logE: 0, maxLogE: 0, rises: [], halfway: null }

/** Why there are too few days, or else a note on the limits of a comparison with them. */
export function beforeAfterReasons({ days, leftOut }: BeforeAfter): Reason[] {
  const left =
    leftOut.length === 0 ? '' : ` Left out: ${leftOut.map(({ date, why }) => `${date} (${why})`).join(', ')}.`
  if (days.length < fewestDays) {
    const found = days.length === 0 ? 'no earlier day' : `${days.length} of the earlier days (${days.join(', ')})`
    const message = `There is traffic to compare with on ${found}. At least ${fewestDays} days are needed to know how much days differ.${left}`
    return [{ code: 'too-few-days', weight: 'decides', message }]
  }
  const message = `Before and after: no stable ran beside the canary, so it is compared with the same hours of ${days.length} earlier days (${days.join(', ')}). Anything else that has changed since then counts too. Margins are widened by how much those days differ. The result holds for one look, at the end of the window.${left}`
  return [{ code: 'before-after', weight: 'note', message }]
}

function widenedMargin(metric: MetricPolicy, sides: readonly Side[], level: number): Margin | undefined {
  if (sides.length < fewestDays) return undefined
  const { margin, worse } = metric
  // Each of the statistics may be what sticks out.
  const spread = (statistics: readonly (readonly Level[])[]): number =>
    Math.max(...statistics.map((levels) => nextDay(levels, level / statistics.length)))
  if ('oddsRatio' in margin) return widenedRate(margin, sides.map(rateOf), spread)
  const histograms = sides.map((side) => aboveZero(histogramOf(side), worse))
  if (histograms.some(({ counts }) => counts.length === 0)) return undefined
  const quantiles = [0.5, 0.9, 0.99].map((q) => histograms.map((one) => quantileLevel(one, q)))
  if ('seconds' in margin) return widenedLatency(margin, Math.exp(spread(quantiles)), mergeHistograms(histograms))
  const above = sides.map((side) => shareLevel(shareAboveZero(histogramOf(side))))
  return { ratio: shown((1 + margin.ratio) * Math.exp(spread([...quantiles, above])) - 1) }
}

/** Three digits, rounded up: what is shown is what was judged by. */
function shown(value: number): number {
  const digit = 10 ** (Math.floor(Math.log10(value)) - 2)
  return value > 0 ? Number((Math.ceil(value / digit - 1e-9) * digit).toPrecision(3)) : 0
}

/** What a day shows of a statistic, and how much of that is the chance of its requests. */
interface Level {
  readonly value: number
  readonly variance: number
}

/**
 * How far the level of one more day like these may be from their mean, one-sided. What the chance of their requests alone makes
 * them differ is taken off: the test against the widened margin has its own share of that.
 */
function nextDay(levels: readonly Level[], level: number): number {
  const n = levels.length
  const ofDays = sampleVariance(levels.map(({ value }) => value))
  const ofRequests = mean(levels.map(({ variance }) => variance))
  return studentQuantile(level, n - 1) * Math.sqrt(Math.max(0, ofDays - ofRequests) * (1 + 1 / n))
}

/** The logarithm of a quantile; its standard error is half the distance of those a standard error of the rank away. */
function quantileLevel(values: Histogram, q: number): Level {
  const ofRank = Math.sqrt((q * (1 - q)) / countOf(values))
  const at = (rank: number): number => Math.log(quantileOf(values, Math.min(1, Math.max(0, rank)))!)
  return { value: at(q), variance: ((at(q + ofRank) - at(q - ofRank)) / 2) ** 2 }
}

/** The logarithm of a share. */
function shareLevel({ n, events }: Rate): Level {
  return { value: Math.log(events / n), variance: (1 - events / n) / events }
}

function oddsLevel({ n, events }: Rate): Level {
  const [yes, no] = [events + 0.5, n - events + 0.5]
  return { value: Math.log(yes / no), variance: 1 / yes + 1 / no }
}

function rateLevel({ n, events }: Rate): Level {
  return { value: events / n, variance: ((events / n) * (1 - events / n)) / n }
}

// The margin is max((1 + ratio) x, x + seconds), where the second is the larger up to seconds / ratio; the widened one is `times` it.
function widenedLatency({ ratio, seconds }: LatencyMargin, times: number, all: Histogram): LatencyMargin {
  const upTo = seconds === 0 ? 0 : Math.min(seconds / ratio, quantileOf(all, 0.99)!)
  return { ratio: shown((1 + ratio) * times - 1), seconds: shown(seconds * times + (times - 1) * upTo) }
}

// A half of the margin that is zero is left out of the test, and stays so.
function widenedRate(
  { oddsRatio, difference }: RateMargin,
  days: readonly Rate[],
  spread: (statistics: readonly (readonly Level[])[]) => number,
): RateMargin {
  return {
    oddsRatio: oddsRatio === 1 && difference > 0 ? 1 : shown(oddsRatio * Math.exp(spread([days.map(oddsLevel)]))),
    difference: difference === 0 ? 0 : Math.min(0.99, shown(difference + spread([days.map(rateLevel)]))),
  }
}

function sideOf(day: EarlierDay, scope: Scope, metric: string): Side | undefined {
  const sides = scope.series.flatMap(({ operation }) => day.sums.get(operation)?.get(metric) ?? [])
  const side = sides[0] && joined(sides, sides[0])
  return side && side.n > 0 ? side : undefined
}

function collected(
  slices: Iterable<Slice>,
  arm: 'stable' | 'canary',
  laterMs: number,
): { readonly sums: Sums; readonly requests: ReadonlyMap<string, ReadonlyMap<number, number>> } {
  const requests = new Map<string, Map<number, number>>()
  const sides = new Map<string, Map<string, Side[]>>()
  for (const { tick, operation, metric, [arm]: side } of slices) {
    if (side.n === 0) continue
    if (metric === requestCount) {
      const ticks = requests.get(operation) ?? new Map<number, number>()
      ticks.set(tick + laterMs, (ticks.get(tick + laterMs) ?? 0) + side.n)
      requests.set(operation, ticks)
      continue
    }
    const metrics = sides.get(operation) ?? new Map<string, Side[]>()
    sides.set(operation, metrics)
    metrics.set(metric, [...(metrics.get(metric) ?? []), side])
  }
  const sums = new Map(
    [...sides].map(([operation, metrics]) => [
      operation,
      new Map([...metrics].map(([metric, some]) => [metric, joined(some, some[0]!)])),
    ]),
  )
  return { sums, requests }
}

/** Some sides of one kind added up; nothing, as none of that kind. */
function joined(sides: readonly Side[], { kind }: Side): Side {
  const n = sides.reduce((sum, side) => sum + side.n, 0)
  switch (kind) {
    case 'count':
      return { kind, n }
    case 'rate':
      return { kind, n, events: sides.reduce((sum, side) => sum + rateOf(side).events, 0) }
    case 'distribution':
      return { kind, n, histogram: mergeHistograms(sides.map(histogramOf)) }
  }
}

function rateOf(side: Side): Rate {
  if (side.kind !== 'rate') throw new RangeError(`expected a rate, got a ${side.kind}`)
  return side
}

function histogramOf(side: Side): Histogram {
  if (side.kind !== 'distribution') throw new RangeError(`expected a distribution, got a ${side.kind}`)
  return side.histogram
}

function count(n: number): Side {
  return { kind: 'count', n }
}
