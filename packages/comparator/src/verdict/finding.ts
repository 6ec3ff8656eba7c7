import type { Decided } from '../decide.ts'
import type { Facts } from '../facts.ts'
import type { Evidence, Finding } from '../finding.ts'
import type { Estimate } from '../metrics/tested.ts'
import { rounded } from '../numbers.ts'
import { formatMargin } from '../policy/margin.ts'
import type { Policy } from '../policy/policy.ts'
import { reachedAt } from '../statistics/run.ts'
import { statisticsOf } from '../statistics/statistics-of.ts'
import { secondsAfter, tickMs } from '../tick.ts'
import { errorTypePhrase, type TypesByMetric } from '../why/error-types.ts'
import { flagDifferences } from '../why/flags.ts'
import { findingSentence } from './wording.ts'

// A build may bring any number of them.
const mostFlags = 20

/** What a decision says to a reader: its estimate at the level it was made at, its evidence, and a sentence. */
export function findingOf(
  decided: Decided,
  facts: Facts,
  start: number,
  { mode }: Policy,
  types: TypesByMetric,
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
    flags: flags.slice(0, mostFlags),
    message: `${findingSentence(decided, estimate, flags, whenOf(decided, estimate))}${errorTypePhrase({ metric: metric.name, decision }, operations, types)}`,
  }
}

// From where the evidence of a finding began to grow to what it needed: the tick at which it had this part of it.
const begun = 0.25

/** In which part of the window a FAIL was proved, where the values of all of it do not show it. */
function whenOf({ decision, decidedAt, neededWorse, tested, metric }: Decided, estimate: Estimate): string | null {
  if (decision !== 'fail' || decidedAt === null) return null
  const { kind, value } = estimate.effect
  const none = kind === 'difference' ? 0 : 1
  const higher = estimate.statistic === 'share of calls' || metric.worse === 'higher'
  const shows = value === null || (higher ? value > none : value < none)
  if (metric.expect === 'better' || metric.expect === 'same' || (shows && !estimate.interval.changed)) return null
  const from = reachedAt(tested.worse, begun * neededWorse) ?? decidedAt
  return `between ${clockOf(from)} and ${clockOf(decidedAt + tickMs)}${shows ? '' : ', not over the whole window'}`
}

/** The time of a tick, UTC. */
function clockOf(tick: number): string {
  return new Date(tick).toISOString().slice(11, 19)
}

function evidenceOf(log: number, needed: number, mode: Policy['mode']): Evidence {
  if (statisticsOf(mode).kind === 'e-value') return { kind: 'e-value', logE: rounded(log), needed: rounded(needed) }
  return { kind: 'p-value', p: log > 0 ? rounded(Math.exp(-log)) : null, needed: rounded(Math.exp(-needed)) }
}
