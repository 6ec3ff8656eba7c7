import { judgedAgainstDays } from './before-after.ts'
import { type Decided, decide, type Gated } from './decide.ts'
import type { Facts, FairnessFacts } from './facts.ts'
import { coverageOf } from './fairness/coverage.ts'
import type { Hosts } from './fairness/hosts.ts'
import { hostsOf } from './fairness/hosts.ts'
import { adjusted } from './fairness/sampled.ts'
import { sharedInstanceReasons, userReasons } from './fairness/users.ts'
import { invalidReasons, notes, unfairReasons } from './fairness/validity.ts'
import type { Finding } from './finding.ts'
import { gateInSteps, gateOf, judgedMetrics, testIn } from './gate.ts'
import { type GrowingSeries, growingSeries, seriesOf } from './growing-series.ts'
import { type DoneTests, newDoneTests } from './metrics/done-tests.ts'
import type { Tested } from './metrics/tested.ts'
import { marginFormOf } from './policy/measure.ts'
import type { MetricPolicy } from './policy/metric-policy.ts'
import type { Gate } from './policy/metric-schema.ts'
import { type Policy, policyHash } from './policy/policy.ts'
import type { Reason } from './reason.ts'
import { type NextTicks, nextTicks } from './running/next-ticks.ts'
import { newRunMemory, type RunMemory } from './running/run-memory.ts'
import { otherOperations } from './scopes.ts'
import type { OperationSeries } from './series.ts'
import type { Slice } from './slice.ts'
import { statisticsOf } from './statistics/statistics-of.ts'
import { atOnce, mappedInSteps, type Steps } from './steps.ts'
import { secondsAfter } from './tick.ts'
import { assumedOf } from './verdict/assumes.ts'
import { heldBackIn } from './verdict/beyond.ts'
import { findingOf } from './verdict/finding.ts'
import { hypothesesOf } from './verdict/hypotheses.ts'
import { withListedFlags } from './verdict/listed-flags.ts'
import { type Missing, missingFor } from './verdict/missing.ts'
import type { Outcome } from './verdict/outcome.ts'
import { advisoryOf, outcomeOf } from './verdict/outcome.ts'
import { provesOf } from './verdict/proves.ts'
import { decisive, flagNotes } from './verdict/reasons.ts'
import type { Verdict } from './verdict/verdict.ts'
import { clientCodesOf, errorTypeReasons, errorTypesOf } from './why/error-types.ts'
import { innerErrorReasons, watchedOf } from './why/inner-errors.ts'
import { type Regressed, regressedOf } from './why/regressed.ts'
import { structureOf, structureReasons } from './why/structure.ts'

/**
 * Judges a canary: validity first, then statistics, then policy. Pure: the same slices in any order and any sharding,
 * the same policy and facts give the same verdict, byte for byte.
 *
 * Every test is anytime-valid: slices may be judged after every tick, as often as you like, and the chance that a
 * canary no worse than the margins ever fails stays below `policy.alpha` over all findings together.
 *
 * @param slices what both cohorts did, per five-second tick, operation and metric; latencies in seconds.
 * @param policy margins and levels: `defaultPolicy`, or the result of `parsePolicy`.
 * @param facts the cohorts, the window, and what was left out.
 * @returns the verdict with every finding, its evidence, and what a PASS still lacks.
 * @throws {RangeError} when a slice's sides are of the wrong kind or hold impossible numbers.
 * @example judge([], defaultPolicy, facts).verdict // 'invalid': no data
 */
export function judge(slices: Iterable<Slice>, policy: Policy, facts: Facts): Verdict {
  return atOnce(judgeInSteps(slices, policy, facts)).verdict
}

/** A verdict, and the means to continue from it. */
export interface Judged {
  readonly verdict: Verdict
  /** Adds new ticks; null if every look has to start from all ticks. */
  readonly next: NextTicks | null
  /** Judges the same slices again with more facts about instances and users; only what depends on them is recomputed. */
  readonly again: (doubts: Doubts) => Steps<Verdict>
}

/** Facts about instances and users that are queried only if there would be a FAIL. */
export type Doubts = Pick<FairnessFacts, 'instanceTicks' | 'heaviestUsers'>

/**
 * Judges like `judge`, in steps: half an hour of many operations takes a second, and a server has to answer others meanwhile.
 *
 * @throws {RangeError} like `judge`, from the step that finds the problem.
 * @example atOnce(judgeInSteps(slices, policy, facts)).verdict // what judge(slices, policy, facts) gives
 */
export function judgeInSteps(slices: Iterable<Slice>, policy: Policy, facts: Facts): Steps<Judged> {
  return judging(slices, policy, facts)
}

/**
 * Judges like `judgeInSteps`, and keeps the state of its tests, so that a running comparison need not be judged
 * from the beginning at each new tick.
 *
 * @throws {RangeError} like `judge`, from the step that finds the problem.
 * @example atOnce(judgeToGoOn(slices, policy, facts)).next?.add(newSlices, []) // { outcome: 'inconclusive', harmPercent: 12, ... }
 */
export function judgeToGoOn(slices: Iterable<Slice>, policy: Policy, facts: Facts): Steps<Judged> {
  return judging(slices, policy, facts, newRunMemory())
}

function* judging(slices: Iterable<Slice>, policy: Policy, facts: Facts, memory?: RunMemory): Steps<Judged> {
  const judged = judgedMetrics(policy, facts).filter((metric) => !facts.earlier || judgedAgainstDays(metric))
  const growing = growingSeries(judged)
  const series = yield* growing.addInSteps(slices)
  // Only the first look starts tests that continue with new ticks.
  const done = memory ? undefined : newDoneTests()
  const on = (facts: Facts, memory?: RunMemory): Steps<Omit<Judged, 'again'>> =>
    judgingSeries({ judged, growing, series, policy, facts, memory, done })
  return {
    ...(yield* on(facts, memory)),
    *again(doubts) {
      if (!facts.fairness) throw new Error('again: of a comparison that nothing is known of, nothing more can be told')
      return (yield* on({ ...facts, fairness: { ...facts.fairness, ...doubts } })).verdict
    },
  }
}

interface Judging {
  readonly judged: readonly MetricPolicy[]
  readonly growing: GrowingSeries
  readonly series: readonly OperationSeries[]
  readonly policy: Policy
  readonly facts: Facts
  readonly memory: RunMemory | undefined
  readonly done: DoneTests | undefined
}

function* judgingSeries({
  judged,
  growing,
  series,
  policy,
  facts,
  memory,
  done,
}: Judging): Steps<Omit<Judged, 'again'>> {
  const invalid = invalidReasons(facts, series)
  if (invalid.length > 0) return { verdict: invalidVerdict(invalid, policy, facts, series), next: null }

  const hosts = hostsOf(facts, policy)
  const gated = (metrics: readonly MetricPolicy[], memory?: RunMemory): Steps<Gated[]> =>
    gateInSteps(series, metrics, policy, facts, hosts, memory, done)
  const { watched, others } = watchedOf(judged, series)
  const ofGate = (wanted: Gate): MetricPolicy[] => others.filter(({ gate }) => gate === wanted)
  const levels = facts.earlier ? { ...policy, alpha: policy.alpha / 2 } : policy
  const decided = decide(yield* gated(ofGate('on'), memory), levels)
  const advised = decide(yield* gated(ofGate('advisory')), levels)
  const hidden = decide(yield* gated(watched), levels)
  const start = Date.parse(facts.window.start)
  const errorTypes = errorTypesOf(facts, policy)
  const clientErrorCodes = clientCodesOf(facts, policy)
  const types = { errors: errorTypes, 'client-errors': clientErrorCodes }
  const structure = structureOf(facts, policy)
  const toldOf = (some: readonly Decided[]): Steps<Finding[]> =>
    mappedInSteps(some, (one) => findingOf(one, facts, start, policy, types))
  const findings = yield* toldOf(decided)
  const toldOfHidden = yield* toldOf(hidden)
  const missing = decided
    .filter((one) => one.required && one.decision === 'inconclusive')
    .flatMap((one) => missingFor(one))
  const unfair = unfairReasons(facts, series, policy, hosts)
  const blocked = unfair.some((reason) => reason.weight === 'blocks')
  const outcome = outcomeOf(decided, blocked)
  const heldBack = heldBackIn(decided, findings)
  const told = comparable(missing, unfair)
  const reasons = [
    ...decisive(outcome, findings, told, policy, heldBack),
    ...unfair,
    ...userReasons(decided),
    ...sharedInstanceReasons(decided),
    ...errorTypeReasons(errorTypes),
    ...innerErrorReasons(toldOfHidden),
    ...structureReasons(structure),
    ...flagNotes(outcome, facts),
    ...notes(facts),
  ]
  const all = [...findings, ...(yield* toldOf(advised)), ...toldOfHidden]
  const answer = {
    proves: provesOf(outcome, findings, facts, hosts),
    findings: all,
    missing,
    hypotheses: hypothesesOf(policy.metrics, all, blocked ? 'unfair' : null),
    advisory: advisoryOf(advised, blocked),
    regressed: outcome === 'fail' ? yield* regressed() : [],
    errorTypes,
    clientErrorCodes,
    structure,
    decidedAfterSeconds: settledAfter(outcome, decided, start),
  }
  const metrics = ofGate('on')
  const saysAll = heldBack.size === 0 && told.length === missing.length
  const next = memory && nextTicks({ growing, memory, series, decided, saysAll, metrics, policy, facts, hosts })
  return { verdict: verdictOf(outcome, reasons, answer, policy, facts, series, hosts), next: next ?? null }

  function* regressed(): Steps<Regressed[]> {
    if (statisticsOf(policy.mode).kind !== 'e-value') return []
    const together = decided.filter(
      ({ metric, scope }) => scope.operation === otherOperations && marginFormOf(metric.measure) !== 'loss',
    )
    const pairs = together.flatMap(({ metric, scope }) => scope.series.map((one) => ({ metric, one })))
    const tested = new Map<string, Tested>()
    const nameOf = (metric: MetricPolicy, { operation }: OperationSeries): string => `${metric.name}\0${operation}`
    for (const { metric, one } of pairs) {
      const scope = { scope: 'operation', operation: one.operation, series: [one], weight: 0, required: false } as const
      tested.set(nameOf(metric, one), testIn(scope, metric, series, policy, facts, hosts, undefined, done))
      yield
    }
    return regressedOf(decided, (metric, one) => tested.get(nameOf(metric, one))!, policy.alpha)
  }
}

/** What more requests may settle: what one cohort alone serves is told by another reason, and waiting for it is of no use. */
function comparable(missing: readonly Missing[], unfair: readonly Reason[]): readonly Missing[] {
  if (!unfair.some(({ code, weight }) => code === 'unmatched-operations' && weight === 'blocks')) return missing
  return missing.filter(({ tooFew }) => !tooFew || (tooFew.stable > 0 && tooFew.canary > 0))
}

function invalidVerdict(
  invalid: readonly Reason[],
  policy: Policy,
  facts: Facts,
  series: readonly OperationSeries[],
): Verdict {
  const nothing = {
    proves: null,
    findings: [],
    missing: [],
    hypotheses: hypothesesOf(policy.metrics, [], 'invalid'),
    advisory: null,
    regressed: [],
    errorTypes: [],
    clientErrorCodes: [],
    structure: null,
    decidedAfterSeconds: null,
  }
  return verdictOf('invalid', [...invalid, ...notes(facts)], nothing, policy, facts, series, null)
}

/** The decisions without estimates: all that simulations need, in half the time. */
export function decisionsOf(slices: Iterable<Slice>, policy: Policy, facts: Facts): Decided[] {
  const judged = judgedMetrics(policy, facts)
  const decisive = judged.filter(({ gate }) => gate === 'on')
  return decide(gateOf(seriesOf(slices, judged), decisive, policy, facts, null), policy)
}

function settledAfter(outcome: Outcome, decided: readonly Decided[], start: number): number | null {
  const ticks = decided
    .filter((one) => one.decision === outcome && (outcome === 'fail' || one.required))
    .flatMap((one) => (one.decidedAt === null ? [] : [one.decidedAt]))
  if (ticks.length === 0) return null
  return secondsAfter(start, outcome === 'fail' ? Math.min(...ticks) : Math.max(...ticks))
}

function verdictOf(
  verdict: Outcome,
  reasons: readonly Reason[],
  answer: Pick<
    Verdict,
    | 'proves'
    | 'findings'
    | 'missing'
    | 'hypotheses'
    | 'advisory'
    | 'regressed'
    | 'errorTypes'
    | 'clientErrorCodes'
    | 'structure'
    | 'decidedAfterSeconds'
  >,
  policy: Policy,
  facts: Facts,
  series: readonly OperationSeries[],
  hosts: Hosts | null,
): Verdict {
  const { service, window, stable, canary, traffic, audience, scope, beforeAfter, source, version } = facts
  return {
    schema: 'coalmine.verdict/1',
    verdict,
    reasons,
    assumes: assumedOf(facts),
    service,
    window,
    cohorts: {
      stable: withListedFlags(adjusted(stable, facts.fairness?.sample?.stable)),
      canary: withListedFlags(adjusted(canary, facts.fairness?.sample?.canary)),
    },
    traffic,
    audience,
    scope,
    unit: facts.spanMetrics ? 'span' : 'trace',
    coverage: coverageOf(series, window),
    hosts,
    beforeAfter: beforeAfter ?? null,
    ...answer,
    interactions: [],
    why: null,
    exemplars: null,
    source,
    policy: { ...policy, hash: policyHash(policy) },
    version,
  }
}
