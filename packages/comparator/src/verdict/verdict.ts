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

/** What the attributes of the canary's requests say of a failed finding. */
export interface Why {
  readonly metric: string
  readonly operation: string | null
  readonly bad: Bad
  /** Above it a request is called slow: 95 % of stable's are faster. Null where it is not about latency. */
  readonly slowFromSeconds: number | null
  /** How many attributes with a value were examined; at most a share alpha of `attributes` is wrong on average. */
  readonly examined: number
  readonly attributes: readonly Explanation[]
}

/** Three traces of each cohort: of what is bad in the canary, and of what is usual in stable. */
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

/** The answer to a comparison: what was decided and why, with every number that it comes from. Its JSON Schema is `verdict.schema.json`. */
export interface Verdict {
  readonly schema: 'coalmine.verdict/1'
  readonly verdict: Outcome
  readonly reasons: readonly Reason[]
  /** What a FAIL proves to be worse; null where it is none, or instances are not known apart. */
  readonly proves: Proves | null
  /** What is taken to be so, since the spans do not tell; empty where they do. */
  readonly assumes: readonly Assumption[]
  readonly service: string
  readonly window: Window
  readonly cohorts: { readonly stable: CohortFacts; readonly canary: CohortFacts }
  readonly traffic: Traffic
  readonly audience: readonly string[]
  /** `downstream`: what is counted are calls, and an operation is what was asked of whom. */
  readonly scope: ComparedScope
  /** What counts once: a trace at an operation, or in span metrics a span. They are taken to be independent of each other. */
  readonly unit: 'trace' | 'span'
  readonly coverage: Coverage
  /** Null where instances are not known apart, or are too few. */
  readonly hosts: Hosts | null
  /** Null where stable ran beside the canary; never mixed with that. */
  readonly beforeAfter: BeforeAfter | null
  readonly findings: readonly Finding[]
  readonly missing: readonly Missing[]
  /** One for each metric whose `expect` or `reason` was written down. */
  readonly hypotheses: readonly Hypothesis[]
  /** Null where no metric is advisory. */
  readonly advisory: Advisory | null
  /** Operations that a failing canary made worse, the small ones too; on average at most a share alpha of them are not. */
  readonly regressed: readonly Regressed[]
  /** Types of error that the canary has, those with the most evidence of being more than stable's first. */
  readonly errorTypes: readonly ErrorType[]
  /** The codes of its client errors, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, likewise. */
  readonly clientErrorCodes: readonly ErrorType[]
  /** Spans below the requests of one cohort that the other never has; null where they were not looked at. */
  readonly structure: readonly StructureChange[] | null
  /** What carries the worst failed finding: the canary, a flag that both cohorts met in both variants, or only the two together. */
  readonly interactions: readonly Interaction[]
  /** Attributes that explain the worst failed finding; null where nothing failed that they could explain. */
  readonly why: Why | null
  /** Traces of both cohorts to look at, of the same finding. */
  readonly exemplars: Exemplars | null
  /** When a FAIL was reached, or the last part of a PASS; null otherwise. */
  readonly decidedAfterSeconds: number | null
  readonly source: Facts['source']
  readonly policy: Policy & { readonly hash: string }
  readonly version: string
  /** What the canary does to error budgets, journey by journey, where objectives cover them. */
  readonly budget?: readonly VerdictBudget[]
  /** What Kayenta's judge says of the same window, where its canary config was given. */
  readonly kayenta?: KayentaResult
}
