import type { Decided } from '../decide.ts'
import type { Facts } from '../facts.ts'
import type { Evidence, Finding } from '../finding.ts'
import { rounded } from '../numbers.ts'
import { formatMargin } from '../policy/margin.ts'
import type { Policy } from '../policy/policy.ts'
import { statisticsOf } from '../statistics/statistics-of.ts'
import { secondsAfter } from '../tick.ts'
import { errorTypePhrase, type TypesByMetric } from '../why/error-types.ts'
import { flagDifferences } from '../why/flags.ts'
import { provedWithin } from './when.ts'
import { findingSentence } from './wording.ts'

// A build may differ in any number of flags.
const mostFlags = 20

/** The finding of a decision: its estimate at the level of the decision, its evidence, and a sentence. */
export function findingOf(
  decided: Decided,
  facts: Facts,
  start: number,
  { mode }: Policy,
  types: TypesByMetric,
): Finding {
  const { metric, scope, tested, decision } = decided
  const estimate = tested.estimate(decision, decided.level)
  const within = provedWithin(decided, estimate, facts, mode)
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
    ...(within && { provedWithin: within }),
    margin: formatMargin(metric.margin),
    evidence: evidenceIn(decided, mode),
    decidedAfterSeconds: secondsAfter(start, decided.decidedAt),
    flags: flags.slice(0, mostFlags),
    message: `${findingSentence(decided, estimate, flags, within)}${errorTypePhrase({ metric: metric.name, decision }, operations, types)}`,
  }
}

/** The evidence of a decision, in the form of a finding. */
export function evidenceIn({ tested, neededWorse, neededWithin }: Decided, mode: Policy['mode']): Finding['evidence'] {
  return {
    worse: evidenceOf(tested.worse.maxLogE, neededWorse, mode),
    within: tested.within.map(({ part, run }) => ({ part, ...evidenceOf(run.logE, neededWithin, mode) })),
  }
}

function evidenceOf(log: number, needed: number, mode: Policy['mode']): Evidence {
  if (statisticsOf(mode).kind === 'e-value') return { kind: 'e-value', logE: rounded(log), needed: rounded(needed) }
  return { kind: 'p-value', p: log > 0 ? rounded(Math.exp(-log)) : null, needed: rounded(Math.exp(-needed)) }
}
