import type { Expect, Gate } from './policy/metric-schema.ts'

/** What was decided of one finding: proved worse than the margin, proved within it, or neither. */
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

/**
 * Where one may look at any time, the natural logarithm of an e-value and what it must reach; where one may look once, a
 * p-value and what it must not exceed, null where it says nothing.
 */
export type Evidence =
  | { readonly kind: 'e-value'; readonly logE: number; readonly needed: number }
  | { readonly kind: 'p-value'; readonly p: number | null; readonly needed: number }

/** The evidence of one of the tests that PASS needs. */
export type PartEvidence = Evidence & { readonly part: Part }

/** One arm's side of a finding. `value` is in the finding's `unit`. */
export interface FindingSide {
  readonly count: number
  /** Requests with the event, for rates. */
  readonly events: number | null
  readonly value: number | null
}

/** One metric in one scope: what was measured, what was decided, and the evidence for it. */
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
  /** Where a FAIL was proved in a part of the window, and the values of the whole of it do not show it: which part; else absent. */
  readonly provedWithin?: ProvedWithin
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

/** The part of the window in which a FAIL was proved, and what was measured there, in the finding's unit; null where that is not known. */
export interface ProvedWithin {
  /** ISO 8601, UTC. */
  readonly start: string
  readonly end: string
  readonly stable: number | null
  readonly canary: number | null
  /** The canary's instance that has most of it; null where none has, or instances are not known. */
  readonly instance: string | null
}

/** A flag whose main variant is not the same in both cohorts; null where a cohort never evaluated it. */
export interface FlagDifference {
  readonly flag: string
  /** The variant that most requests had, and its share of those that evaluated the flag. */
  readonly stable: VariantShare | null
  readonly canary: VariantShare | null
}

/** A variant, and the share (0 to 1) of the evaluations of its flag that gave it. */
export interface VariantShare {
  readonly variant: string
  readonly share: number
}
