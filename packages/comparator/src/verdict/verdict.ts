import type { VerdictBudget } from '../budget/verdict-budget.ts'
import type { BeforeAfter, CohortFacts, Facts, Window } from '../facts.ts'
import type { Coverage } from '../fairness/coverage.ts'
import type { Hosts } from '../fairness/hosts.ts'
import type { Finding } from '../finding.ts'
import type { KayentaResult } from '../kayenta/judge.ts'
import type { Policy } from '../policy/policy.ts'
import type { ComparedScope, Traffic } from '../policy/traffic.ts'
import type { Reason } from '../reason.ts'
import type { ErrorType } from '../why/error-types.ts'
import type { Bad, Explanation } from '../why/explanations.ts'
import type { Interaction } from '../why/interaction.ts'
import type { Regressed } from '../why/regressed.ts'
import type { StructureChange } from '../why/structure.ts'
import type { Assumption } from './assumes.ts'
import type { Hypothesis } from './hypotheses.ts'
import type { Missing } from './missing.ts'
import type { Advisory, Outcome } from './outcome.ts'
import type { Proves } from './proves.ts'

/** What the attributes of the canary's requests tell about a failed finding. */
export interface Why {
  readonly metric: string
  readonly operation: string | null
  readonly bad: Bad
  /** Requests slower than this count as slow: 95 % of stable's are faster. Null if the finding is not about latency. */
  readonly slowFromSeconds: number | null
  /** How many attribute values were examined; on average at most a share alpha of `attributes` is wrong. */
  readonly examined: number
  readonly attributes: readonly Explanation[]
}

/** Three traces of each cohort: bad ones of the canary, and typical ones of stable. */
export interface Exemplars {
  readonly metric: string
  readonly operation: string | null
  readonly stable: readonly Exemplar[]
  readonly canary: readonly Exemplar[]
}

/** One trace to look at. */
export interface Exemplar {
  readonly traceId: string
  /** ISO 8601, UTC. */
  readonly start: string
  readonly seconds: number
}

/** The result of a comparison: what was decided and why, with all the numbers behind it. Its JSON Schema is `verdict.schema.json`. */
export interface Verdict {
  readonly schema: 'coalmine.verdict/1'
  readonly verdict: Outcome
  readonly reasons: readonly Reason[]
  /** What a FAIL proves to be worse; null if there is no FAIL, or if instances cannot be told apart. */
  readonly proves: Proves | null
  /** Assumptions that the spans cannot confirm; empty if there are none. */
  readonly assumes: readonly Assumption[]
  readonly service: string
  readonly window: Window
  readonly cohorts: { readonly stable: CohortFacts; readonly canary: CohortFacts }
  readonly traffic: Traffic
  readonly audience: readonly string[]
  /** With `downstream`, calls are counted, and an operation is a kind of call to one callee. */
  readonly scope: ComparedScope
  /** The unit that is counted: a trace at an operation, or a span for span metrics. Units are assumed to be independent. */
  readonly unit: 'trace' | 'span'
  readonly coverage: Coverage
  /** Null if instances cannot be told apart, or are too few. */
  readonly hosts: Hosts | null
  /** Null if stable ran beside the canary; the two are never mixed. */
  readonly beforeAfter: BeforeAfter | null
  readonly findings: readonly Finding[]
  readonly missing: readonly Missing[]
  /** One for each metric whose policy gives `expect` or `reason`. */
  readonly hypotheses: readonly Hypothesis[]
  /** Null if no metric is advisory. */
  readonly advisory: Advisory | null
  /** Operations that a failing canary made worse, including small ones; on average at most a share alpha of them is wrong. */
  readonly regressed: readonly Regressed[]
  /** Error types of the canary, those with the most evidence of an increase over stable first. */
  readonly errorTypes: readonly ErrorType[]
  /** Codes of its client errors, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, in the same order. */
  readonly clientErrorCodes: readonly ErrorType[]
  /** Spans below the requests of one cohort that the other never has; null if they were not examined. */
  readonly structure: readonly StructureChange[] | null
  /** What causes the worst failed finding: the canary, a flag that both cohorts met in both variants, or only the two together. */
  readonly interactions: readonly Interaction[]
  /** Attributes that explain the worst failed finding; null if nothing failed that they could explain. */
  readonly why: Why | null
  /** Example traces of both cohorts for the same finding. */
  readonly exemplars: Exemplars | null
  /** When a FAIL was reached, or the last part of a PASS; null otherwise. */
  readonly decidedAfterSeconds: number | null
  readonly source: Facts['source']
  readonly policy: Policy & { readonly hash: string }
  readonly version: string
  /** The canary's effect on error budgets, by journey, if there are objectives. */
  readonly budget?: readonly VerdictBudget[]
  /** The result of Kayenta's judge on the same window, if a Kayenta canary config was given. */
  readonly kayenta?: KayentaResult
}
