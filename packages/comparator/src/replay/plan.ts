import { type Random, randomOf } from '@coalmine/stats'
import type { Decided } from '../decide.ts'
import { decisionsOf } from '../judge.ts'
import { percent } from '../numbers.ts'
import { formatMargin } from '../policy/margin.ts'
import type { Policy } from '../policy/policy.ts'
import type { Slice } from '../slice.ts'
import type { BaselineOperation } from './baseline.ts'
import { type Effect, effectMetrics, formatEffect, worseRate } from './effect.ts'
import { simulatedFacts } from './facts.ts'
import { trafficOn } from './traffic.ts'

/** Options of a plan. */
export interface PlanOptions {
  /** The canary's share of the traffic, between 0 and 1. */
  readonly share: number
  readonly effects: readonly Effect[]
  /** The chance of an answer within the planned time. */
  readonly power: number
  /** Find the smallest share that answers within this time; null to skip. */
  readonly withinSeconds: number | null
  readonly seed: number
  /** How many canaries are simulated for each answer; null chooses as many as take some seconds, from 20 to 80. */
  readonly runs: number | null
}

/** How long one answer takes: half of the canaries have it by `median`, the planned power by `planned`; null is not in time. */
export interface PlannedTime {
  readonly median: number | null
  readonly planned: number | null
}

/** One metric in one scope. */
export interface PlannedFinding extends PlannedTime {
  readonly metric: string
  /** The operation, `(other)` for the small ones together, null for the whole service. */
  readonly operation: string | null
  readonly margin: string
}

/** A canary with one regression in every operation, or with none: when it FAILs or PASSes. */
export interface PlannedCanary extends PlannedTime {
  /** Such as `latency +25 %`; null for a canary like stable. */
  readonly effect: string | null
  /** How long canaries were simulated: answers without a time take longer than this. */
  readonly horizonSeconds: number
  /** For a regression, its metric's findings that FAIL; without one, all findings that PASS needs. */
  readonly findings: readonly PlannedFinding[]
}

/** How long a canary must run. All times are seconds of canary traffic. */
export interface Plan {
  readonly schema: 'coalmine.plan/1'
  readonly share: number
  readonly power: number
  readonly requestsPerSecond: number
  readonly canaries: readonly PlannedCanary[]
  /** The smallest share that gives every answer in time; null if half of the traffic is not enough. */
  readonly smallestShare: { readonly withinSeconds: number; readonly share: number | null } | null
  /** Metrics of the policy that closed ticks do not contain. */
  readonly notPlanned: readonly string[]
  /** The number of canaries simulated per answer. */
  readonly runs: number
  readonly seed: number
}

interface Horizon {
  readonly ticks: number
  readonly tickMs: number
}

/** Looked at one after the other until enough canaries have their answer. Longer ticks lose the evidence little of its speed. */
const horizons: readonly Horizon[] = [
  { ticks: 60, tickMs: 5_000 },
  { ticks: 90, tickMs: 20_000 },
  { ticks: 90, tickMs: 160_000 },
  { ticks: 90, tickMs: 960_000 },
]

/** Simulated canaries times operations: what the time that planning takes goes with. */
const work = 250

const shares = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]

/**
 * Plans a canary: how long it must run until a regression is failed, and until one like stable is passed. By the judge itself
 * on simulated traffic that is like the baseline; seeded, so that it plans the same again. A generator, so that its caller can
 * do other things between the steps.
 *
 * @throws {RangeError} when the baseline is empty.
 * @example finished(planOf(baseline, defaultPolicy, { share: 0.1, effects, power: 0.9, withinSeconds: null, seed: 1, runs: null }))
 */
export function* planOf(
  baseline: readonly BaselineOperation[],
  policy: Policy,
  { share, effects, power, withinSeconds, seed, runs: wantedRuns }: PlanOptions,
): Generator<undefined, Plan> {
  if (baseline.length === 0) throw new RangeError('baseline: expected an operation with traffic')
  const runs = wantedRuns ?? Math.min(80, Math.max(20, Math.floor(work / baseline.length)))
  const isOn = (metric: string): boolean => policy.metrics.some(({ name, gate }) => name === metric && gate === 'on')
  const wanted: readonly (Effect | null)[] = [...effects.filter(({ metric }) => isOn(metric)), null]
  const common = { baseline, policy, runs, power, seed }
  const canaries: PlannedCanary[] = []
  for (const effect of wanted) canaries.push(yield* canaryOf({ ...common, share, effect }))
  const found = withinSeconds === null ? null : yield* smallestShare({ ...common, effects: wanted, withinSeconds })
  return {
    schema: 'coalmine.plan/1',
    share,
    power,
    requestsPerSecond: baseline.reduce((sum, one) => sum + one.requestsPerSecond, 0),
    canaries,
    smallestShare: withinSeconds === null ? null : { withinSeconds, share: found },
    notPlanned: policy.metrics.filter(({ name, gate }) => gate === 'on' && !isSimulated(name)).map(({ name }) => name),
    runs,
    seed,
  }
}

/**
 * How long one canary must run, with one regression or with none.
 *
 * @example finished(canaryOf({ baseline, policy: defaultPolicy, share: 0.1, effect: null, runs: 40, power: 0.9, seed: 1 })).planned // 600
 */
export function* canaryOf(canary: Omit<SimulatedCanary, 'horizon'>): Generator<undefined, PlannedCanary> {
  const { effect, baseline, power } = canary
  let planned: Omit<PlannedCanary, 'effect'> | undefined
  for (const horizon of horizons) {
    planned = plannedCanary(yield* answersOf({ ...canary, horizon }), effect, horizon, power)
    if (planned.planned !== null) break
  }
  return { effect: effectText(effect, baseline), ...planned! }
}

/**
 * A generator's result, all its steps taken.
 *
 * @example finished(planOf(baseline, defaultPolicy, options)).canaries.length // 3
 */
export function finished<Result>(steps: Generator<undefined, Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** One canary to simulate, so many times and for so long. */
interface SimulatedCanary {
  readonly baseline: readonly BaselineOperation[]
  readonly policy: Policy
  readonly share: number
  readonly effect: Effect | null
  readonly horizon: Horizon
  readonly runs: number
  readonly power: number
  readonly seed: number
}

/** What one simulated canary came to: the answer to it, and its findings that were part of the answer. */
interface Answer {
  readonly seconds: number
  readonly decided: readonly Decided[]
}

/** Stops early when so many have no answer that too few can be left that have. */
function* answersOf({
  baseline,
  policy,
  share,
  effect,
  horizon,
  runs,
  power,
  seed,
}: SimulatedCanary): Generator<undefined, Answer[]> {
  const judged = simulatedPolicy(policy, share)
  const metrics = judged.metrics.filter(({ gate }) => gate === 'on').map(({ name }) => name)
  const draw = trafficOn(baseline, { share, effect, metrics, ...horizon })
  const answers: Answer[] = []
  const mayMiss = runs - Math.ceil(power * runs)
  let missed = 0
  for (let run = 0; run < runs && missed <= mayMiss; run += 1) {
    const answer = answerOf(draw, judged, effect, horizon, randomOf(seed * 1_000_003 + run))
    if (answer.seconds === Number.POSITIVE_INFINITY) missed += 1
    answers.push(answer)
    yield
  }
  return answers
}

function answerOf(
  draw: (random: Random) => Slice[],
  policy: Policy,
  effect: Effect | null,
  { tickMs }: Horizon,
  random: Random,
): Answer {
  const decided = decisionsOf(draw(random), policy, simulatedFacts)
  const answers = decided.filter(({ required, metric }) => (effect === null ? required : metric.name === effect.metric))
  const times = answers.map((one) => secondsOf(one, effect, tickMs))
  return { seconds: effect === null ? Math.max(...times) : Math.min(...times), decided: answers }
}

function secondsOf({ decision, decidedAt }: Decided, effect: Effect | null, tickMs: number): number {
  const wanted = effect === null ? 'pass' : 'fail'
  return decision === wanted && decidedAt !== null ? (decidedAt + tickMs) / 1000 : Number.POSITIVE_INFINITY
}

function plannedCanary(
  answers: readonly Answer[],
  effect: Effect | null,
  { ticks, tickMs }: Horizon,
  power: number,
): Omit<PlannedCanary, 'effect'> {
  const first = answers[0]!.decided
  return {
    horizonSeconds: (ticks * tickMs) / 1000,
    ...timeOf(
      answers.map(({ seconds }) => seconds),
      power,
    ),
    findings: first.map(({ metric, scope }, at) => ({
      metric: metric.name,
      operation: scope.operation,
      margin: formatMargin(metric.margin),
      ...timeOf(
        answers.map(({ decided }) => secondsOf(decided[at]!, effect, tickMs)),
        power,
      ),
    })),
  }
}

/** Of a rate that is zero, five times is nothing: what it is taken to become is told instead. */
function effectText(effect: Effect | null, baseline: readonly BaselineOperation[]): string | null {
  if (effect === null) return null
  const rate = { latency: null, errors: 'errors', 'client-errors': 'clientErrors' } as const
  const key = rate[effect.metric]
  const none = key !== null && baseline.every((one) => one[key] === 0)
  return none ? `${effect.metric} none -> ${percent(worseRate(0, effect.times))}` : formatEffect(effect)
}

function timeOf(seconds: readonly number[], power: number): PlannedTime {
  const ascending = [...seconds].sort((a, b) => a - b)
  const by = (share: number): number | null => {
    const time = ascending[Math.ceil(share * ascending.length) - 1]!
    return Number.isFinite(time) ? time : null
  }
  return { median: by(0.5), planned: by(power) }
}

function* smallestShare({
  effects,
  withinSeconds,
  ...common
}: Omit<SimulatedCanary, 'share' | 'effect' | 'horizon'> & {
  readonly effects: readonly (Effect | null)[]
  readonly withinSeconds: number
}): Generator<undefined, number | null> {
  const tickMs = 5_000 * Math.max(1, Math.ceil(withinSeconds / 450))
  const horizon = { tickMs, ticks: Math.max(1, Math.floor((withinSeconds * 1000) / tickMs)) }
  let low = 0
  let high = shares.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (yield* isEnough(shares[middle]!)) high = middle
    else low = middle + 1
  }
  return shares[low] ?? null

  function* isEnough(share: number): Generator<undefined, boolean> {
    for (const effect of effects) {
      const answers = yield* answersOf({ ...common, share, effect, horizon })
      if (
        timeOf(
          answers.map(({ seconds }) => seconds),
          common.power,
        ).planned === null
      )
        return false
    }
    return true
  }
}

/** The policy on simulated traffic, looked at all the time: a declared split is kept to, and what closed ticks know nothing of is left out. */
function simulatedPolicy(policy: Policy, share: number): Policy {
  return {
    ...policy,
    mode: 'sequential',
    split: policy.split === null ? null : share,
    metrics: policy.metrics.filter(({ name }) => isSimulated(name)),
  }
}

function isSimulated(metric: string): boolean {
  return metric === 'lost-requests' || (effectMetrics as readonly string[]).includes(metric)
}
