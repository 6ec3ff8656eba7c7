import {
  type Between,
  countOf,
  type Histogram,
  mergeHistograms,
  normalQuantile,
  quantileOf,
  sdBetweenMeans,
  sdBetweenRates,
  studentQuantile,
} from '@coalmine/stats'
import { mean, sumNthPowerDeviations } from 'simple-statistics'
import type { Facts, InstanceCell } from '../facts.ts'
import type { Statistic } from '../finding.ts'
import { seriesOf } from '../growing-series.ts'
import { limitOf } from '../metrics/claim.ts'
import { testLatency } from '../metrics/latency.ts'
import { testRate } from '../metrics/rate.ts'
import { type MetricPolicy, marginIn, noWorse } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { statisticsOf } from '../statistics/statistics-of.ts'

/** What the instances of each cohort reveal about their hosts. */
export interface Hosts {
  /** How many instances were examined: those that served most. */
  readonly stable: number
  readonly canary: number
  /** Standard deviation between stable's instances, on the log scale: 0.05 is 5 %. Null if unknown. */
  readonly variation: { readonly latency: number | null; readonly errors: number | null }
  /** The ratio (of odds, for errors) that the canary's hosts alone exceed one time in forty: FAIL needs more than that. */
  readonly allowed: { readonly latency: number | null; readonly errors: number | null }
  /** Stable instances that would fail against the others; null if there are too few to tell. */
  readonly placebo: readonly OutOfLine[] | null
  /** Canary instances that are worse than the canary's others. */
  readonly outOfLine: readonly OutOfLine[]
}

/** An instance that is worse than the rest of its cohort, beyond the margin. Latency in seconds, errors as a share. */
export interface OutOfLine {
  readonly instance: string
  readonly metric: string
  readonly statistic: Statistic
  readonly others: number | null
  readonly own: number | null
}

// With fewer instances than this, their variation is a guess; with fewer values, so is a median.
const fewestInstances = 3
const fewestValues = 20
const fewestEvents = 10
// What a canary's hosts do by chance is beyond the widened margin as seldom as this.
const beyondMargin = 0.025

// Prior for how much instances of one build differ, as a standard deviation on the log scale, until stable's tell; with the weight
// of an estimate from `df` + 1 instances.
const assumed = { sd: 0.05, df: 4 }

/**
 * The effect of hosts, estimated from the instances of each cohort: how much stable's differ among themselves, which of them would
 * fail against the others (a placebo: they run one build), and which of the canary's are out of line with the rest.
 *
 * If the canary has few hosts, a difference of hosts looks like one of builds. The variation of stable's instances, all the time or
 * for some minutes, bounds it: the canary's hosts exceed t x sd x sqrt(1/canary instances + 1/stable instances) one time in
 * forty. For latency a prior is used before anything is known, so that the first look is like the last.
 */
export function hostsOf({ fairness, stable, canary, earlier }: Facts, policy: Policy): Hosts | null {
  const cells = fairness?.cells ?? []
  const shared = fairness?.instances?.some((one) => one.cohort === 'both') ?? false
  const byBuild = (fairness?.builds ?? null) !== null && !shared && !earlier
  const known = knownOf(cells, policy)
  if (!byBuild) return known
  const instances = (arm: number, looked = 0): number => Math.max(1, arm, looked)
  const [m, n] = [instances(canary.instances, known?.canary), instances(stable.instances, known?.stable)]
  if (known && known.allowed.latency !== null) return known
  const latency = Math.exp(normalQuantile(1 - beyondMargin) * assumed.sd * Math.sqrt(1 / m + 1 / n))
  const nothing = { placebo: null, outOfLine: [], variation: { latency: null, errors: null } }
  return {
    ...nothing,
    ...known,
    stable: n,
    canary: m,
    allowed: { latency, errors: known?.allowed.errors ?? null },
  }
}

function knownOf(cells: readonly InstanceCell[], policy: Policy): Hosts | null {
  const of = (cohort: InstanceCell['cohort']): readonly InstanceCell[] => cells.filter((cell) => cell.cohort === cohort)
  const stable = namesIn(of('stable'))
  const canary = namesIn(of('canary'))
  const enough = stable.length >= fewestInstances
  if (!enough && canary.length < 2) return null
  const latency = enough ? latencyVariation(of('stable'), stable) : undefined
  const errors = enough ? sdBetweenRates(expectations(of('stable'), stable)) : undefined
  const widest = Math.sqrt(1 / canary.length + 1 / stable.length)
  const allowed = ({ sd, df }: Between): number => Math.exp(studentQuantile(beyondMargin, df) * sd * widest)
  return {
    stable: stable.length,
    canary: canary.length,
    variation: { latency: latency?.between ?? null, errors: errors?.sd ?? null },
    allowed: { latency: latency ? allowed(withAssumed(latency)) : null, errors: errors ? allowed(errors) : null },
    placebo: enough ? outOfLine(of('stable'), stable, policy, policy.alpha) : null,
    outOfLine: canary.length > 1 ? outOfLine(of('canary'), canary, policy, policy.alpha / canary.length) : [],
  }
}

/** The margin that a FAIL needs: the policy's, or the effect of hosts, whichever is larger. */
export function beyondHosts(metric: MetricPolicy, hosts: Hosts | null): MetricPolicy {
  if (!hosts || metric.expect === 'better') return metric
  const { latency, errors } = hosts.allowed
  if (metric.measure.kind === 'latency' && latency !== null) {
    const margin = marginIn('latency', metric)
    return { ...metric, margin: { ...margin, ratio: Math.max(margin.ratio, latency - 1) } }
  }
  if (metric.measure.kind === 'errors' && errors !== null) {
    const margin = marginIn('rate', metric)
    return { ...metric, margin: { ...margin, oddsRatio: Math.max(margin.oddsRatio, errors) } }
  }
  return metric
}

function namesIn(cells: readonly InstanceCell[]): string[] {
  return [...new Set(cells.map((cell) => cell.instance))].sort()
}

/** Combines the prior and the estimate, weighted by their degrees of freedom. */
function withAssumed({ sd, df }: Between): Between {
  const all = assumed.df + df
  return { sd: Math.sqrt((assumed.df * assumed.sd ** 2 + df * sd ** 2) / all), df: all }
}

/** How much the instances differ: from each other over the whole time, and from minute to minute. */
function latencyVariation(
  cells: readonly InstanceCell[],
  names: readonly string[],
): (Between & { readonly between: number }) | undefined {
  const { values, noise } = deviations(cells, names)
  const between = sdBetweenMeans(values)
  if (!between) return undefined
  const groups = values.filter((group) => group.length > 1)
  const squares = groups.reduce((sum, group) => sum + sumNthPowerDeviations(group, 2), 0)
  const within = squares / groups.reduce((sum, group) => sum + group.length - 1, 0)
  return { sd: Math.sqrt(between.sd ** 2 + Math.max(0, within - noise)), df: between.df, between: between.sd }
}

/**
 * How far each instance's typical latency is from that of all of them in the same block, in logarithms, block by block; and the variance
 * of these numbers from chance alone.
 */
function deviations(
  cells: readonly InstanceCell[],
  names: readonly string[],
): { readonly values: number[][]; readonly noise: number } {
  let noise = 0
  let medianCount = 0
  const sums = new Map<string, { weight: number; sum: number }>()
  for (const together of groupsOf(cells, (cell) => `${cell.tick} ${cell.operation}`)) {
    const medians = together
      .filter((cell) => countOf(cell.latency) >= fewestValues)
      .map((cell) => ({ cell, log: Math.log(quantileOf(cell.latency, 0.5)!) }))
      .filter(({ log }) => Number.isFinite(log))
    if (medians.length < fewestInstances) continue
    const typical = mean(medians.map(({ log }) => log))
    for (const { cell, log } of medians) {
      const key = `${cell.tick} ${cell.instance}`
      const { weight, sum } = sums.get(key) ?? { weight: 0, sum: 0 }
      const n = countOf(cell.latency)
      sums.set(key, { weight: weight + n, sum: sum + n * (log - typical) })
      const spread = Math.log(quantileOf(cell.latency, 0.84)! / quantileOf(cell.latency, 0.16)!) / 2
      if (!Number.isFinite(spread)) continue
      noise += ((Math.PI / 2) * spread ** 2) / n
      medianCount += 1
    }
  }
  const ticks = [...new Set(cells.map((cell) => cell.tick))].sort((a, b) => a - b)
  const values = names.map((name) =>
    ticks.flatMap((tick) => {
      const found = sums.get(`${tick} ${name}`)
      return found ? [found.sum / found.weight] : []
    }),
  )
  return { values, noise: medianCount > 0 ? noise / medianCount : 0 }
}

/** The errors of each instance, and those expected at the overall rate of the same block and operation. */
function expectations(
  cells: readonly InstanceCell[],
  names: readonly string[],
): { readonly events: number; readonly expected: number }[] {
  const sums = new Map(names.map((name) => [name, { events: 0, expected: 0 }]))
  for (const together of groupsOf(cells, (cell) => `${cell.tick} ${cell.operation}`)) {
    const n = together.reduce((sum, cell) => sum + cell.traces, 0)
    const events = together.reduce((sum, cell) => sum + cell.errors, 0)
    for (const cell of together) {
      const sum = sums.get(cell.instance)!
      sum.events += cell.errors
      sum.expected += (events * cell.traces) / n
    }
  }
  const all = [...sums.values()]
  return all.reduce((sum, { events }) => sum + events, 0) < fewestEvents ? [] : all
}

/** The instances that would fail as a canary of the others, by the policy's own tests. */
function outOfLine(
  cells: readonly InstanceCell[],
  names: readonly string[],
  policy: Policy,
  alpha: number,
): OutOfLine[] {
  const judged = policy.metrics
    .filter(({ gate, measure }) => gate === 'on' && (measure.kind === 'latency' || measure.kind === 'errors'))
    .map((metric): MetricPolicy => (metric.expect === 'better' ? noWorse(metric) : { ...metric, expect: 'no-worse' }))
  const needed = -Math.log(alpha / 2 / judged.length)
  const statistics = statisticsOf(policy.mode)
  return names.flatMap((instance): OutOfLine[] => {
    const suspects = judged.filter((metric) => mayFail(cells, instance, metric))
    const series = seriesOf(suspects.length > 0 ? slicesAgainst(cells, instance, suspects) : [], suspects)
    return suspects.flatMap((metric): OutOfLine[] => {
      const tested =
        metric.measure.kind === 'latency'
          ? testLatency(series, metric, statistics)
          : testRate(series, metric, statistics)
      if (tested.worse.maxLogE < needed) return []
      const { stable, canary, statistic } = tested.estimate('fail', alpha)
      return [{ instance, metric: metric.name, statistic, others: stable.value, own: canary.value }]
    })
  })
}

/** A cheap check of the whole window: an instance within the margin there will hardly be proved beyond it. */
function mayFail(cells: readonly InstanceCell[], instance: string, metric: MetricPolicy): boolean {
  const own = cells.filter((cell) => cell.instance === instance)
  const others = cells.filter((cell) => cell.instance !== instance)
  if (metric.measure.kind === 'errors') {
    const rate = (some: readonly InstanceCell[]): number =>
      some.reduce((sum, cell) => sum + cell.errors, 0) / some.reduce((sum, cell) => sum + cell.traces, 0)
    return rate(own) > rate(others)
  }
  const limit = limitOf('up', marginIn('latency', metric))
  return namesOf(cells).some((operation) => {
    const merged = (some: readonly InstanceCell[]): Histogram | undefined => {
      const histograms = some.filter((cell) => cell.operation === operation).map((cell) => cell.latency)
      return histograms.length > 0 ? mergeHistograms(histograms) : undefined
    }
    const [mine, theirs] = [merged(own), merged(others)]
    if (!mine || !theirs) return false
    return [0.5, 0.9, 0.95, 0.99].some((q) => {
      const ofOthers = quantileOf(theirs, q)
      const enough = (1 - q) * countOf(mine) >= fewestValues / 2
      return enough && ofOthers !== undefined && quantileOf(mine, q)! > limit(ofOthers)
    })
  })
}

function namesOf(cells: readonly InstanceCell[]): string[] {
  return [...new Set(cells.map((cell) => cell.operation))]
}

function slicesAgainst(cells: readonly InstanceCell[], instance: string, metrics: readonly MetricPolicy[]): Slice[] {
  return groupsOf(cells, (cell) => `${cell.tick} ${cell.operation}`).flatMap((together) => {
    const arms = {
      stable: together.filter((cell) => cell.instance !== instance),
      canary: together.filter((cell) => cell.instance === instance),
    }
    const { tick, operation } = together[0]!
    return metrics.map((metric): Slice => {
      const side = (arm: 'stable' | 'canary'): Slice['stable'] => {
        const n = arms[arm].reduce((sum, cell) => sum + cell.traces, 0)
        if (metric.measure.kind === 'errors')
          return { kind: 'rate', n, events: arms[arm].reduce((sum, cell) => sum + cell.errors, 0) }
        return { kind: 'distribution', n, histogram: mergeHistograms(arms[arm].map((cell) => cell.latency)) }
      }
      return { tick, operation, metric: metric.name, stable: side('stable'), canary: side('canary') }
    })
  })
}

function groupsOf(cells: readonly InstanceCell[], keyOf: (cell: InstanceCell) => string): InstanceCell[][] {
  const groups = new Map<string, InstanceCell[]>()
  for (const cell of cells) {
    const key = keyOf(cell)
    const group = groups.get(key)
    if (group) group.push(cell)
    else groups.set(key, [cell])
  }
  return [...groups.values()]
}
