import type { EarlierDay } from '../before-after.ts'
import type { FairnessFacts } from '../fair/facts.ts'
import type { SpanMetricsFacts } from '../fair/span-metrics.ts'
import type { ValueFacts } from '../fair/values.ts'
import type { KayentaResult } from '../kayenta/judge.ts'
import type { Expect, Gate } from '../policy/metric-schema.ts'
import type { Policy } from '../policy/policy.ts'
import type { ComparedScope, Traffic } from '../policy/traffic.ts'
import type { ErrorType, ErrorTypeTick } from '../why/error-types.ts'
import type { Bad, Explanation } from '../why/explanations.ts'
import type { Interaction } from '../why/interaction.ts'
import type { Regressed } from '../why/regressed.ts'
import type { SpanTick, StructureChange } from '../why/structure.ts'

export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'invalid'

/** Names a reason; the sentences may change, the codes do not. */
export type ReasonCode =
  | 'worse-than-margin'
  | 'not-as-expected'
  | 'within-margin'
  | 'not-enough-evidence'
  | 'nothing-decides'
  | 'no-data'
  | 'same-cohort'
  | 'never-concurrent'
  | 'split-missed'
  | 'overlapping-cohorts'
  | 'unmatched-operations'
  | 'swapped'
  | 'unmarked-requests'
  | 'sampling-differs'
  | 'tail-sampled'
  | 'instrumentation-differs'
  | 'not-randomised'
  | 'instances-restart'
  | 'one-instance'
  | 'mix-differs'
  | 'clock-skew'
  | 'warm-up-left-out'
  | 'mixed-variants'
  | 'late-spans'
  | 'host-not-separable'
  | 'unequal-load'
  | 'one-look'
  | 'peeked'
  | 'planned-look'
  | 'before-after'
  | 'too-few-days'
  | 'raw-spans'
  | 'span-metrics'
  | 'not-measured'
  | 'coarse-buckets'
  | 'buckets-differ'
  | 'first-scrapes-left-out'
  | 'scrapes-missed'
  | 'new-error-type'
  | 'structure-differs'
  | 'sampled'
  | 'values-missing'
  | 'throughput-not-known'
  | 'negative-values'
  | 'test-traffic-left-out'
  | 'flags-differ'
  | 'interactions-not-known'
  | 'why-not-known'

/** `decides`: why the verdict is what it is; `blocks`: why it could not be PASS; `note`: good to know. */
export interface Reason {
  readonly code: ReasonCode
  readonly weight: 'decides' | 'blocks' | 'note'
  readonly message: string
}

/** What is known of one cohort besides its slices. */
export interface CohortFacts {
  /** The selector as it was given, such as `service.version=2.0.0`. */
  readonly selector: string
  readonly requests: number
  /** How many it served, where the trace states say that only some were kept: an estimate. */
  readonly adjustedRequests?: number
  /** Values judged: one for each trace and operation. */
  readonly traces: number
  readonly instances: number
  /** Requests of test traffic, left out. */
  readonly testRequests: number
  /** Share of the cohort's requests that evaluated a flag to a variant, by operation. */
  readonly flags: readonly FlagShare[]
}

export interface FlagShare {
  readonly operation: string
  readonly flag: string
  readonly variant: string
  readonly requests: number
}

export interface Window {
  /** ISO 8601, UTC. Start of the first tick and end of the last closed one. */
  readonly start: string
  readonly end: string
  readonly seconds: number
  /** Whether the start stays where it is as time goes on; a sliding window is good for one look only. */
  readonly anchored: boolean
}

/** How much of what stable met the canary met too. */
export interface Coverage {
  /** Minutes of the window in which the canary served, of so many. */
  readonly minutes: number
  readonly windowMinutes: number
  /** How many of the 60 minutes of the hour these are: what happens at five past every hour is met at five past. */
  readonly minutesOfHour: number
  /** Share of stable's requests that are of operations which the canary served too. */
  readonly operationsShare: number
  /** The operations that it never served, the largest first, by their share of stable's requests. */
  readonly unserved: readonly { readonly operation: string; readonly share: number }[]
}

/** What the instances of each cohort show of their hosts. */
export interface Hosts {
  /** How many instances were looked at, of those that served most. */
  readonly stable: number
  readonly canary: number
  /** Standard deviation between stable's instances, of the logarithm: 0.05 is 5 %. Null where it is not known. */
  readonly variation: { readonly latency: number | null; readonly errors: number | null }
  /** The ratio (of odds, for errors) that the canary's hosts alone reach one time in forty: FAIL needs more than it. */
  readonly allowed: { readonly latency: number | null; readonly errors: number | null }
  /** Stable instances that would fail against the others; null where they are too few to tell. */
  readonly placebo: readonly OutOfLine[] | null
  /** Canary instances that are worse than the canary's others. */
  readonly outOfLine: readonly OutOfLine[]
}

/** An instance that is worse than its fellows, beyond the margin. Latency in seconds, errors as a share. */
export interface OutOfLine {
  readonly instance: string
  readonly metric: string
  readonly statistic: Statistic
  readonly others: number | null
  readonly own: number | null
}

/** Which earlier days stood for a stable that did not run beside the canary. */
export interface BeforeAfter {
  /** Such as `2026-11-20`, the newest first. */
  readonly days: readonly string[]
  /** Days that were asked for and do not count, and why. */
  readonly leftOut: readonly { readonly date: string; readonly why: string }[]
}

/** What the comparator is told besides slices: who is compared, when, and what was left out. */
export interface Facts {
  readonly service: string
  readonly window: Window
  readonly stable: CohortFacts
  readonly canary: CohortFacts
  readonly traffic: Traffic
  /** The only audiences whose requests were judged, such as `beta`; empty when all were. */
  readonly audience: readonly string[]
  readonly scope: ComparedScope
  /** Traces that both selectors chose, in neither cohort. */
  readonly overlap: number
  /** Requests that saw two builds, or two variants of a flag, in neither cohort. */
  readonly mixedRequests: number
  /** Spans that came after their tick had closed. */
  readonly lateSpans: number
  /** Whether closed ticks answered, or raw spans had to be read; or metrics of spans, without the spans. */
  readonly source: 'ticks' | 'spans' | 'metrics'
  /** There are no closed ticks that this user may read, so that every answer comes from raw spans. */
  readonly spansOnly?: boolean
  /** Errors by their type, in the ticks that had some. */
  readonly errorTypes?: readonly ErrorTypeTick[]
  /** Which spans lie below the first requests, tick by tick. */
  readonly structure?: readonly SpanTick[] | undefined
  /** Of metrics of the policy's own, which raw spans answered: how many requests had a value. */
  readonly values?: readonly ValueFacts[]
  /** What tells whether the comparison is fair; absent where there is no store to ask. */
  readonly fairness?: FairnessFacts
  /** Where span metrics were read instead of spans. */
  readonly spanMetrics?: SpanMetricsFacts
  /** Where stable is earlier days: which, and what each of them showed. The slices are then those of `slicesAgainst`. */
  readonly beforeAfter?: BeforeAfter
  readonly earlier?: readonly EarlierDay[]
  /** When nothing was found: what the store has seen, for the message. */
  readonly known?:
    | {
        readonly services: readonly string[]
        readonly values: readonly string[]
        /** Spans of the service that are stored, but whose ticks have not closed yet; unattended where no server closes any. */
        readonly open: { readonly spans: number; readonly unattended?: boolean }
      }
    | undefined
  /** Which look at this comparison it is, as far as its data has grown: 1, unless it is told. */
  readonly look?: number | undefined
  readonly version: string
}

export type Decision = 'fail' | 'pass' | 'inconclusive'

/**
 * Which of the tests carried a decision: where the whole distribution lies, or its tenth, twentieth, hundredth at the end
 * that hurts; of a number that is often zero, how many values are above it.
 */
export type Part = 'typical' | `${'slowest' | 'highest' | 'lowest'} ${10 | 5 | 1} %` | 'above zero' | 'rate' | 'share'

/** What a finding's values are. */
export type Statistic =
  | `p${1 | 5 | 10 | 50 | 90 | 95 | 99}`
  | 'share of requests'
  | 'share of traffic'
  | 'share of calls'
  | 'requests per instance'

/** One arm's side of a finding. `value` is in the finding's `unit`. */
export interface FindingSide {
  readonly count: number
  /** Requests with the event, for rates. */
  readonly events: number | null
  readonly value: number | null
}

/**
 * Where one may look at any time, the natural logarithm of an e-value and what it must reach; where one may look once, a
 * p-value and what it must not exceed, null where it says nothing.
 */
export type Evidence =
  | { readonly kind: 'e-value'; readonly logE: number; readonly needed: number }
  | { readonly kind: 'p-value'; readonly p: number | null; readonly needed: number }

export type PartEvidence = Evidence & { readonly part: Part }

export interface Finding {
  /** The name that the policy gives it. */
  readonly metric: string
  readonly scope: 'service' | 'operation'
  /** The operation, `(other)` for the small ones together, null for the whole service. */
  readonly operation: string | null
  /** Whether PASS needs it; what does not can only FAIL. */
  readonly required: boolean
  readonly decision: Decision
  /** Advisory findings are told and decide nothing. */
  readonly gate: Exclude<Gate, 'off'>
  /** What is claimed here: FAIL is proof that it is not so, PASS that it is. */
  readonly expect: Expect
  readonly statistic: Statistic
  /** Of the values: seconds, a share between 0 and 1, or a number in whatever unit the attribute has. */
  readonly unit: 'seconds' | 'share' | 'number'
  readonly stable: FindingSide
  readonly canary: FindingSide
  /** The part that the effect speaks of: the one that carried a FAIL, else the typical request. */
  readonly part: Part
  /** There where values were zero too: these are of those above zero, and how many are zero was judged beside them. */
  readonly zerosApart?: true
  /** `ratio`: canary over stable; `odds-ratio`: of the odds; `difference`: canary less stable, as a share. */
  readonly effect: { readonly kind: 'ratio' | 'odds-ratio' | 'difference'; readonly value: number | null }
  /**
   * Confidence sequence of the effect; null is unbounded. `level` is its error on each side. `changed`: no one effect
   * fits the whole window and every operation in it; `lower` is then what was proved at times.
   */
  readonly interval: {
    readonly lower: number | null
    readonly upper: number | null
    readonly level: number
    readonly changed: boolean
  }
  /** The margin as people write it, such as `10%,2ms`. */
  readonly margin: string
  readonly evidence: {
    /** That canary is worse than the margin. */
    readonly worse: Evidence
    /** That it is within the margin: every part must reach what it needs. */
    readonly within: readonly PartEvidence[]
  }
  /** When the decision was reached: seconds of canary traffic since the window's start. */
  readonly decidedAfterSeconds: number | null
  /** Flags whose variants differ between the cohorts in this operation. */
  readonly flags: readonly FlagDifference[]
  readonly message: string
}

export interface FlagDifference {
  readonly flag: string
  /** The variant that most requests had, and its share of those that evaluated the flag. */
  readonly stable: VariantShare | null
  readonly canary: VariantShare | null
}

export interface VariantShare {
  readonly variant: string
  readonly share: number
}

/** What keeps a finding from PASS. Null requests: at this rate it will not come, the effect is near the margin. */
export interface Missing {
  readonly metric: string
  readonly operation: string | null
  readonly part: Part
  readonly canaryRequests: number | null
  readonly seconds: number | null
}

/** The answer to one expectation that was written down. */
export interface Hypothesis {
  readonly metric: string
  readonly expect: Expect
  /** Why it was expected, in the words of whoever wrote it. */
  readonly reason: string | null
  readonly answer: 'confirmed' | 'refuted' | 'open'
  readonly message: string
}

/** What the verdict would have been by the advisory metrics alone. */
export interface Advisory {
  readonly verdict: Exclude<Outcome, 'invalid'>
  readonly message: string
}

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

export interface Exemplar {
  readonly traceId: string
  /** ISO 8601, UTC. */
  readonly start: string
  readonly seconds: number
}

export interface Verdict {
  readonly schema: 'coalmine.verdict/1'
  readonly verdict: Outcome
  readonly reasons: readonly Reason[]
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
  /** What Kayenta's judge says of the same window, where its canary config was given. */
  readonly kayenta?: KayentaResult
}
