import { drawBinomial, drawHypergeometric, type Histogram, type Random, randomOf } from '@coalmine/stats'
import type { Decided } from '../decide.ts'
import { decisionsOf } from '../judge.ts'
import type { Policy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import { tickMs } from '../tick.ts'
import { slicesOfCell, type TrafficCell } from './cells.ts'
import { type Effect, slower, worseRate } from './effect.ts'
import { simulatedFacts } from './facts.ts'

/** A canary that never was: part of stable's own traffic, chosen at random, with at most one regression in it. */
export interface SplitOptions {
  /** The chance of each trace to be the canary's. */
  readonly share: number
  readonly effect: Effect | null
  /** How long each canary is; it begins at a tick chosen at random. */
  readonly forSeconds: number
  readonly seed: number
}

/** When the canary was failed or passed, in seconds since its start; null if it was not. */
export interface ReplayAnswer {
  readonly failed: number | null
  readonly passed: number | null
}

/** A regression is looked for in so much of the canary's time first: most are found long before its end. */
const looks = [1 / 8, 1 / 4, 1 / 2, 1]

/**
 * Replays canaries `first` to `first + count - 1` on stable's traffic: each trace is dealt to one arm by itself, so that both
 * are are alike but for the regression. Latencies, errors and client errors are dealt apart: of each alone nothing is lost, only what
 * they have to do with each other.
 *
 * @example replaySplits(cells, defaultPolicy, { share: 0.1, effect: null, forSeconds: 1800, seed: 1 }, 0, 20)
 */
export function* replaySplits(
  cells: readonly TrafficCell[],
  policy: Policy,
  options: SplitOptions,
  first: number,
  count: number,
): Generator<undefined, ReplayAnswer[]> {
  const ticks = [...new Set(cells.map(({ tick }) => tick))]
  const judged = replayedPolicy(policy)
  const rates = ratesOf(cells)
  const answers: ReplayAnswer[] = []
  for (let run = first; run < first + count; run += 1) {
    answers.push(replaySplit(cells, ticks, rates, judged, options, randomOf(options.seed * 1_000_003 + run)))
    yield
  }
  return answers
}

/** The policy of a replay: metrics that closed ticks have, looked at all the time; shares of the traffic are as they were dealt. */
export function replayedPolicy(policy: Policy): Policy {
  const replayed = ['latency', 'errors', 'client-errors']
  return {
    ...policy,
    mode: 'sequential',
    split: null,
    metrics: policy.metrics.filter(({ name }) => replayed.includes(name)),
  }
}

function replaySplit(
  cells: readonly TrafficCell[],
  ticks: readonly number[],
  rates: ReadonlyMap<string, OperationRates>,
  policy: Policy,
  { share, effect, forSeconds }: SplitOptions,
  random: Random,
): ReplayAnswer {
  const last = ticks.at(-1)! + tickMs - forSeconds * 1000
  const starts = ticks.filter((tick) => tick <= last)
  const start = starts.length > 0 ? starts[Math.floor(random() * starts.length)]! : ticks[0]!
  const slices: Slice[] = []
  let from = start
  for (const until of effect === null ? [1] : looks) {
    const to = start + until * forSeconds * 1000
    for (const cell of cells) {
      if (cell.tick >= from && cell.tick < to)
        slices.push(...dealt(cell, share, effect, rates.get(cell.operation)!, random))
    }
    from = to
    const answer = answerOf(decisionsOf(slices, policy, simulatedFacts), start)
    if (answer.failed !== null || until === 1) return answer
  }
  throw new RangeError('looks: expected the last to be at the end')
}

/** What a verdict would be on these decisions, and when. */
export function answerOf(decided: readonly Decided[], start: number): ReplayAnswer {
  const secondsOf = ({ decidedAt }: Decided): number => (decidedAt! + tickMs - start) / 1000
  const failed = decided.filter(({ decision }) => decision === 'fail').map(secondsOf)
  const required = decided.filter((one) => one.required)
  const passed = required.length > 0 && required.every(({ decision }) => decision === 'pass')
  return {
    failed: failed.length > 0 ? Math.min(...failed) : null,
    passed: failed.length === 0 && passed ? Math.max(...required.map(secondsOf)) : null,
  }
}

interface OperationRates {
  readonly errors: number
  readonly clientErrors: number
}

/** Rates of the whole window: a regression multiplies these, so that a tick without errors gets its part. */
function ratesOf(cells: readonly TrafficCell[]): Map<string, OperationRates> {
  const sums = new Map<string, { traces: number; errors: number; clientErrors: number }>()
  for (const { operation, traces, errors, clientErrors } of cells) {
    const sum = sums.get(operation) ?? { traces: 0, errors: 0, clientErrors: 0 }
    sum.traces += traces
    sum.errors += errors
    sum.clientErrors += clientErrors
    sums.set(operation, sum)
  }
  return new Map(
    [...sums].map(([operation, { traces, errors, clientErrors }]) => [
      operation,
      { errors: errors / Math.max(1, traces), clientErrors: clientErrors / Math.max(1, traces) },
    ]),
  )
}

/** Deals the traces of a cell to two arms, each to the canary with the chance `share`, and puts the regression in. */
export function dealt(
  cell: TrafficCell,
  share: number,
  effect: Effect | null,
  rates: OperationRates,
  random: Random,
): Slice[] {
  const drawn = (count: number): number => drawBinomial(count, share, random)
  const traces = drawn(cell.traces)
  const of = (events: number): number => drawHypergeometric({ n: cell.traces, events, drawn: traces }, random)
  const errors = of(cell.errors)
  const clientErrors = of(cell.clientErrors)
  const latency = dealtHistogram(cell.latency, drawn)
  const requests = traces + drawn(Math.max(0, cell.requests - cell.traces))
  const worse = (events: number, rate: number, metric: Effect['metric']): number => {
    if (effect?.metric !== metric || rate === 1) return events
    return events + drawBinomial(traces - events, (worseRate(rate, effect.times) - rate) / (1 - rate), random)
  }
  const deal = (count: number, chance: number): number => drawBinomial(count, chance, random)
  return slicesOfCell(
    {
      ...cell,
      requests: Math.max(0, cell.requests - requests),
      traces: cell.traces - traces,
      errors: cell.errors - errors,
      clientErrors: cell.clientErrors - clientErrors,
      latency: latency.rest,
    },
    {
      ...cell,
      requests,
      traces,
      errors: worse(errors, rates.errors, 'errors'),
      clientErrors: worse(clientErrors, rates.clientErrors, 'client-errors'),
      latency: effect?.metric === 'latency' ? slower(latency.dealt, effect.times, deal) : latency.dealt,
    },
  )
}

function dealtHistogram(histogram: Histogram, drawn: (count: number) => number): { dealt: Histogram; rest: Histogram } {
  const counts = histogram.counts.map(drawn)
  const zero = drawn(histogram.zero)
  const held = (all: readonly number[], none: number): Histogram => {
    const kept = histogram.indices.flatMap((index, at) => (all[at]! > 0 ? [{ index, count: all[at]! }] : []))
    return {
      scale: histogram.scale,
      zero: none,
      indices: kept.map(({ index }) => index),
      counts: kept.map(({ count }) => count),
    }
  }
  return {
    dealt: held(counts, zero),
    rest: held(
      histogram.counts.map((count, at) => count - counts[at]!),
      histogram.zero - zero,
    ),
  }
}
