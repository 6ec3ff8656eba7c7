import { judgedAgainstDays, testedAgainstDays } from './before-after.ts'
import { type Decided, decide, type Gated } from './decide.ts'
import { type ErrorType, errorTypePhrase, errorTypeReasons, errorTypesOf } from './error-types.ts'
import { coverageOf } from './fair/coverage.ts'
import { beyondHosts, hostsOf } from './fair/hosts.ts'
import { adjusted } from './fair/sampled.ts'
import { flagDifferences } from './flags.ts'
import { otherOperations, type Scope, scopesOf } from './gate.ts'
import { hypothesesOf } from './hypotheses.ts'
import { testLatency } from './latency.ts'
import { countsBothServed, testLostRequests } from './lost-requests.ts'
import { formatMargin } from './margin.ts'
import { marginFormOf } from './measure.ts'
import { type MetricPolicy, noWorse, weightOf } from './metric-policy.ts'
import type { Gate } from './metric-schema.ts'
import { missingFor } from './missing.ts'
import { statisticsOf } from './mode.ts'
import { testNumeric } from './numeric.ts'
import { advisoryOf, outcomeOf } from './outcome.ts'
import { type Policy, policyHash } from './policy.ts'
import { testRate } from './rate.ts'
import { type Regressed, regressedOf } from './regressed.ts'
import { type OperationSeries, type RateBlock, seriesOf } from './series.ts'
import type { Slice } from './slice.ts'
import { structureOf, structureReasons } from './structure.ts'
import type { Tested } from './tested.ts'
import { expectedShare, testThroughput } from './throughput.ts'
import { testUnanswered } from './unanswered.ts'
import { invalidReasons, notes, unfairReasons } from './validity.ts'
import type { Evidence, Facts, Finding, Hosts, Missing, Outcome, Reason, Verdict } from './verdict.ts'
import { findingSentence, missingSentence } from './wording.ts'

/** The length of a tick: the store's, and the resolution of every time in a verdict. */
export const tickMs = 5000

/**
 * Judges a canary: validity first, then statistics, then policy. Pure: the same slices in any order and any sharding,
 * the same policy and facts give the same verdict, byte for byte.
 *
 * Every test is anytime-valid: slices may be judged after every tick, as often as one likes, and the chance that a
 * canary no worse than the margins is ever failed stays below `policy.alpha` over all findings together.
 *
 * @param slices what both cohorts did, five seconds by operation by metric; latencies in seconds.
 * @param policy margins and levels; `defaultPolicy`, or what `parsePolicy` made of the user's.
 * @param facts who is compared, when, and what was left out.
 * @returns the verdict with every finding, its evidence, and what is missing for a PASS.
 * @throws {RangeError} when a slice's sides are of the wrong kind or hold impossible numbers.
 * @example judge([], defaultPolicy, facts).verdict // 'invalid': no data
 */
export function judge(slices: Iterable<Slice>, policy: Policy, facts: Facts): Verdict {
  const judged = judgedMetrics(policy, facts).filter((metric) => !facts.earlier || judgedAgainstDays(metric))
  const series = seriesOf(slices, judged)
  const invalid = invalidReasons(facts, series)
  if (invalid.length > 0) {
    const hypotheses = hypothesesOf(policy.metrics, [], 'invalid')
    const nothing = {
      findings: [],
      missing: [],
      hypotheses,
      advisory: null,
      regressed: [],
      errorTypes: [],
      structure: null,
      decidedAfterSeconds: null,
    }
    return verdictOf('invalid', [...invalid, ...notes(facts)], nothing, policy, facts, series, null)
  }

  const hosts = hostsOf(facts.fairness?.cells ?? [], policy)
  const gated = (wanted: Gate): Gated[] =>
    gateOf(
      series,
      judged.filter(({ gate }) => gate === wanted),
      policy,
      facts,
      hosts,
    )
  const levels = facts.earlier ? { ...policy, alpha: policy.alpha / 2 } : policy
  const decided = decide(gated('on'), levels, facts.look ?? 1)
  const advised = decide(gated('advisory'), levels, facts.look ?? 1)
  const start = Date.parse(facts.window.start)
  const errorTypes = errorTypesOf(facts, policy)
  const structure = structureOf(facts, policy)
  const findings = decided.map((one) => findingOf(one, facts, start, policy, errorTypes))
  const missing = decided.filter((one) => one.required && one.decision === 'inconclusive').flatMap(missingFor)
  const unfair = unfairReasons(facts, series, policy, hosts)
  const blocked = unfair.some((reason) => reason.weight === 'blocks')
  const outcome = outcomeOf(decided, blocked)
  const reasons = [
    ...decisive(outcome, findings, missing, policy),
    ...unfair,
    ...errorTypeReasons(errorTypes),
    ...structureReasons(structure),
    ...flagNotes(outcome, facts),
    ...notes(facts),
  ]
  const all = [...findings, ...advised.map((one) => findingOf(one, facts, start, policy, errorTypes))]
  const answer = {
    findings: all,
    missing,
    hypotheses: hypothesesOf(policy.metrics, all, blocked ? 'unfair' : null),
    advisory: advisoryOf(advised, blocked),
    regressed: outcome === 'fail' ? regressed() : [],
    errorTypes,
    structure,
    decidedAfterSeconds: settledAfter(outcome, decided, start),
  }
  return verdictOf(outcome, reasons, answer, policy, facts, series, hosts)

  function regressed(): Regressed[] {
    if (statisticsOf(policy.mode).kind !== 'e-value') return []
    const alone = (metric: MetricPolicy, one: OperationSeries): Tested => {
      const scope = { scope: 'operation', operation: one.operation, series: [one], weight: 0, required: false } as const
      return test(metric, scope, series, policy, facts, hosts)
    }
    return regressedOf(decided, alone, policy.alpha)
  }
}

/** The decisions alone, without the estimates that tell of them: what simulations need, in half the time. */
export function decisionsOf(slices: Iterable<Slice>, policy: Policy, facts: Facts): Decided[] {
  const judged = judgedMetrics(policy, facts)
  const decisive = judged.filter(({ gate }) => gate === 'on')
  return decide(gateOf(seriesOf(slices, judged), decisive, policy, facts, null), policy, facts.look ?? 1)
}

/**
 * Metrics that are not turned off; lost requests need a declared split to be told from, or the callers' spans, throughput
 * known instances.
 */
function judgedMetrics({ metrics, split }: Policy, facts: Facts): MetricPolicy[] {
  return metrics.filter(
    ({ gate, measure: { kind } }) =>
      gate !== 'off' &&
      (kind !== 'lost-requests' || split !== null || callsOf(facts).length > 0) &&
      (kind !== 'throughput' || expectedShare(facts) !== null),
  )
}

const callsOf = (facts: Facts): readonly RateBlock[] => facts.fairness?.calls ?? []

function gateOf(
  series: readonly OperationSeries[],
  judged: readonly MetricPolicy[],
  policy: Policy,
  facts: Facts,
  hosts: Hosts | null,
): Gated[] {
  const weights = judged.reduce((sum, metric) => sum + weightOf(metric), 0)
  const scopes = scopesOf(series, policy)
  // Metric by metric: what its blocks show is remembered from one scope to the next, for one metric at a time.
  const byMetric = judged.map((written) => {
    const ofOperations = written.expect === 'better' ? noWorse(written) : written
    return scopes.map((scope): Gated | undefined => {
      // Calls are known by their address, not by the operation that they would have been.
      const byCalls = written.measure.kind === 'lost-requests' && policy.split === null
      if (byCalls && scope.scope === 'operation') return undefined
      const metric = scope.scope === 'operation' ? ofOperations : written
      const weight = (scope.weight * weightOf(metric)) / weights
      const tested = (metric: MetricPolicy): Tested => test(metric, scope, series, policy, facts, hosts)
      return {
        scope,
        weight,
        // A share of the traffic is settled for the service; for each operation it would take many times longer.
        required: scope.required && (marginFormOf(metric.measure) !== 'loss' || scope.scope === 'service'),
        // Half of alpha is for the tests, half for the days.
        ...(facts.earlier
          ? testedAgainstDays(metric, scope, facts.earlier, (weight * policy.alpha) / 2, tested)
          : { metric, tested: tested(metric) }),
      }
    })
  })
  return scopes.flatMap((_, at) => byMetric.flatMap((gated) => gated[at] ?? []))
}

function test(
  metric: MetricPolicy,
  scope: Scope,
  all: readonly OperationSeries[],
  { split, mode }: Policy,
  facts: Facts,
  hosts: Hosts | null,
): Tested {
  const statistics = statisticsOf(mode)
  switch (metric.measure.kind) {
    case 'latency':
      return testLatency(scope.series, metric, statistics, beyondHosts(metric, hosts))
    case 'errors':
    case '4xx':
    case 'share':
      return testRate(scope.series, metric, statistics, beyondHosts(metric, hosts))
    case 'attribute':
    case 'calls':
      return testNumeric(scope.series, metric, statistics)
    case 'lost-requests':
      if (split === null) return testUnanswered(callsOf(facts), metric, statistics)
      return testLostRequests(countsBothServed(scope.series, all), split, metric, statistics)
    case 'throughput':
      return testThroughput(countsBothServed(scope.series, all), facts, metric, statistics)
  }
}

function findingOf(
  decided: Decided,
  facts: Facts,
  start: number,
  { mode }: Policy,
  errorTypes: readonly ErrorType[],
): Finding {
  const { metric, scope, tested, decision } = decided
  const estimate = tested.estimate(decision, decided.level)
  const operations = new Set(scope.series.map((one) => one.operation))
  const flags = flagDifferences(facts.stable, facts.canary, (operation) => operations.has(operation))
  return {
    metric: metric.name,
    scope: scope.scope,
    operation: scope.operation,
    required: decided.required,
    decision,
    gate: metric.gate === 'advisory' ? 'advisory' : 'on',
    expect: metric.expect,
    ...estimate,
    margin: formatMargin(metric.margin),
    evidence: {
      worse: evidenceOf(tested.worse.maxLogE, decided.neededWorse, mode),
      within: tested.within.map(({ part, run }) => ({ part, ...evidenceOf(run.logE, decided.neededWithin, mode) })),
    },
    decidedAfterSeconds: secondsAfter(start, decided.decidedAt),
    flags,
    message: `${findingSentence(decided, estimate, flags)}${errorTypePhrase({ metric: metric.name, decision }, operations, errorTypes)}`,
  }
}

function evidenceOf(log: number, needed: number, mode: Policy['mode']): Evidence {
  if (statisticsOf(mode).kind === 'e-value') return { kind: 'e-value', logE: rounded(log), needed: rounded(needed) }
  return { kind: 'p-value', p: log > 0 ? rounded(Math.exp(-log)) : null, needed: rounded(Math.exp(-needed)) }
}

function decisive(
  outcome: Outcome,
  findings: readonly Finding[],
  missing: readonly Missing[],
  { metrics }: Policy,
): Reason[] {
  if (findings.length === 0) {
    const message = 'No metric decides: give one of them gate: true in coalmine.yaml.'
    return [{ code: 'nothing-decides', weight: 'blocks', message }]
  }
  const critical = new Set(metrics.filter((metric) => metric.critical).map(({ name }) => name))
  switch (outcome) {
    case 'fail':
      return mostSpecific(findings.filter((finding) => finding.decision === 'fail'))
        .sort((a, b) => Number(critical.has(b.metric)) - Number(critical.has(a.metric)))
        .map((finding) => ({ code: failCode(finding), weight: 'decides', message: finding.message }))
    case 'pass':
      return [{ code: 'within-margin', weight: 'decides', message: passSentence(findings) }]
    default:
      return unsettled(missing)
  }
}

function failCode({ expect }: Finding): Reason['code'] {
  return expect === 'better' || expect === 'same' ? 'not-as-expected' : 'worse-than-margin'
}

function passSentence(findings: readonly Finding[]): string {
  const needed = findings.filter((finding) => finding.required).length
  const others = findings.filter((finding) => !finding.required && finding.decision !== 'pass').length
  const rest = others > 0 ? `; ${others} more, of little traffic, can only fail and have not` : ''
  return `All ${needed} findings that PASS needs are within their margins${rest}.`
}

const shownMissing = 3

/** The parts that will take longest, and how many there are. */
function unsettled(missing: readonly Missing[]): Reason[] {
  const longest = [...missing].sort((a, b) => (b.seconds ?? -1) - (a.seconds ?? -1))
  const sentences = longest.slice(0, shownMissing).map((one) => `Not settled: ${missingSentence(one)}.`)
  const more = missing.length - sentences.length
  if (more > 0)
    sentences.push(`Not settled: ${more} more, sooner or not known yet; "missing" in the JSON lists them all.`)
  return sentences.map((message) => ({ code: 'not-enough-evidence', weight: 'blocks', message }))
}

/** A service-wide finding that one of its operations explains says nothing new. */
function mostSpecific(failed: readonly Finding[]): Finding[] {
  const explained = (finding: Finding): boolean =>
    finding.scope === 'service' &&
    failed.some(
      (other) => other.scope === 'operation' && other.metric === finding.metric && other.operation !== otherOperations,
    )
  return failed.filter((finding) => !explained(finding))
}

function flagNotes(outcome: Outcome, facts: Facts): Reason[] {
  if (outcome === 'fail') return []
  return flagDifferences(facts.stable, facts.canary, () => true).map(({ flag, stable, canary }) => ({
    code: 'flags-differ',
    weight: 'note',
    message: `Flag ${flag} differs between the cohorts: ${stable?.variant ?? 'not evaluated'} in stable, ${canary?.variant ?? 'not evaluated'} in canary.`,
  }))
}

function settledAfter(outcome: Outcome, decided: readonly Decided[], start: number): number | null {
  const ticks = decided
    .filter((one) => one.decision === outcome && (outcome === 'fail' || one.required))
    .flatMap((one) => (one.decidedAt === null ? [] : [one.decidedAt]))
  if (ticks.length === 0) return null
  return secondsAfter(start, outcome === 'fail' ? Math.min(...ticks) : Math.max(...ticks))
}

function secondsAfter(start: number, tick: number | null): number | null {
  return tick === null ? null : (tick + tickMs - start) / 1000
}

function verdictOf(
  verdict: Outcome,
  reasons: readonly Reason[],
  answer: Pick<
    Verdict,
    | 'findings'
    | 'missing'
    | 'hypotheses'
    | 'advisory'
    | 'regressed'
    | 'errorTypes'
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
    service,
    window,
    cohorts: {
      stable: adjusted(stable, facts.fairness?.sample?.stable),
      canary: adjusted(canary, facts.fairness?.sample?.canary),
    },
    traffic,
    audience,
    scope,
    unit: 'trace',
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

function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
