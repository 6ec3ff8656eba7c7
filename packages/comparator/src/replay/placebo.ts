import { mergeHistograms } from '@coalmine/stats'
import { decisionsOf } from '../judge.ts'
import { formatMargin, type Margin } from '../policy/margin.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { slicesOfCell, type TrafficCell } from './cells.ts'
import { simulatedFacts } from './facts.ts'
import { answerOf, replayedPolicy } from './split.ts'

/** What one instance served at one operation in one tick. */
export interface InstanceTraffic extends TrafficCell {
  readonly instance: string
}

/** A metric's current margin, and the smallest one that instances of the same build stay within; null if none that was tried is enough. */
export interface RecommendedMargin {
  readonly metric: string
  readonly now: string
  readonly holds: string | null
}

/** Replays of each stable instance as if it were the canary of the others, stretch by stretch. */
export interface Placebo {
  readonly instances: number
  readonly replays: number
  readonly failed: number
  /** The instances that were failed, and how often. */
  readonly outOfLine: readonly { readonly instance: string; readonly failed: number }[]
  readonly margins: readonly RecommendedMargin[]
}

const ratios = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1]
const oddsRatios = [1, 1.25, 1.5, 2, 3, 5]

/**
 * Replays each instance against the others: they run one build, so every FAIL is a host that differs. Margins are tried from
 * the smallest on until no more replays fail than the policy's alpha allows of as many. Null with fewer than three instances, of
 * which nobody can tell which one is out of line.
 *
 * @example finished(replayInstances(cells, defaultPolicy, 1800))?.failed // 0
 */
export function* replayInstances(
  cells: readonly InstanceTraffic[],
  policy: Policy,
  forSeconds: number,
): Generator<undefined, Placebo | null> {
  const instances = [...new Set(cells.map(({ instance }) => instance))].sort()
  if (instances.length < 3) return null
  const judged = replayedPolicy(policy)
  const stretches = stretchesOf(cells, forSeconds)
  const replays = stretches.flatMap((stretch) =>
    instances.map((instance) => ({ instance, slices: against(stretch, instance) })),
  )
  const failed: string[] = []
  for (const { instance, slices } of replays) {
    if (fails(slices, judged)) failed.push(instance)
    yield
  }
  const margins: RecommendedMargin[] = []
  for (const metric of judged.metrics.filter(({ gate }) => gate === 'on')) {
    margins.push(
      yield* marginThatHolds(
        metric,
        replays.map(({ slices }) => slices),
        judged,
      ),
    )
  }
  const names = [...new Set(failed)].sort()
  return {
    instances: instances.length,
    replays: replays.length,
    failed: failed.length,
    outOfLine: names.map((instance) => ({ instance, failed: failed.filter((one) => one === instance).length })),
    margins,
  }
}

function* marginThatHolds(
  metric: MetricPolicy,
  replays: readonly Slice[][],
  policy: Policy,
): Generator<undefined, RecommendedMargin> {
  const now = formatMargin(metric.margin)
  const allowed = Math.floor(policy.alpha * replays.length)
  for (const margin of candidates(metric.margin)) {
    const alone = { ...policy, metrics: [{ ...metric, margin }] }
    let failed = 0
    for (const slices of replays) {
      if (fails(slices, alone)) failed += 1
      yield
      if (failed > allowed) break
    }
    if (failed <= allowed) return { metric: metric.name, now, holds: formatMargin(margin) }
  }
  return { metric: metric.name, now, holds: null }
}

/** The absolute half of a margin stays as it is written: only its ratio is tried. */
function candidates(margin: Margin): Margin[] {
  if ('oddsRatio' in margin) return oddsRatios.map((oddsRatio) => ({ ...margin, oddsRatio }))
  return ratios.map((ratio) => ({ ...margin, ratio }))
}

function fails(slices: readonly Slice[], policy: Policy): boolean {
  return answerOf(decisionsOf(slices, policy, simulatedFacts), 0).failed !== null
}

/** Successive stretches of the window, as long as a canary is; the last one when there is room for it. */
function stretchesOf(cells: readonly InstanceTraffic[], forSeconds: number): InstanceTraffic[][] {
  const first = cells.reduce((least, { tick }) => Math.min(least, tick), Number.POSITIVE_INFINITY)
  const last = cells.reduce((most, { tick }) => Math.max(most, tick), 0)
  const count = Math.max(1, Math.floor((last - first) / (forSeconds * 1000)))
  return Array.from({ length: count }, (_, at) => {
    const from = first + at * forSeconds * 1000
    const to = count === 1 ? Number.POSITIVE_INFINITY : from + forSeconds * 1000
    return cells.filter(({ tick }) => tick >= from && tick < to)
  })
}

function against(cells: readonly InstanceTraffic[], instance: string): Slice[] {
  const groups = new Map<string, InstanceTraffic[]>()
  for (const cell of cells) {
    const key = `${cell.tick} ${cell.operation}`
    groups.set(key, [...(groups.get(key) ?? []), cell])
  }
  return [...groups.values()].flatMap((group) => {
    const { tick, operation } = group[0]!
    const arm = (isOwn: boolean): TrafficCell =>
      together(
        group.filter((cell) => (cell.instance === instance) === isOwn),
        tick,
        operation,
      )
    return slicesOfCell(arm(false), arm(true))
  })
}

function together(cells: readonly TrafficCell[], tick: number, operation: string): TrafficCell {
  const sum = (count: (cell: TrafficCell) => number): number => cells.reduce((total, cell) => total + count(cell), 0)
  return {
    tick,
    operation,
    requests: sum(({ requests }) => requests),
    traces: sum(({ traces }) => traces),
    errors: sum(({ errors }) => errors),
    clientErrors: sum(({ clientErrors }) => clientErrors),
    latency: mergeHistograms(cells.map(({ latency }) => latency)),
  }
}
