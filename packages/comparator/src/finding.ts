import type { Expect, Gate } from './policy/metric-schema.ts'

/** The decision on one finding: proved worse than the margin, proved within it, or neither. */
export type Decision = 'fail' | 'pass' | 'inconclusive'

/**
 * Which of the tests carried a decision: the location of the whole distribution, or its worst tenth, twentieth or hundredth;
 * for a number that is often zero, the share of values above zero.
 */
export type Part = 'typical' | `${'slowest' | 'highest' | 'lowest'} ${10 | 5 | 1} %` | 'above zero' | 'rate' | 'share'

/** The statistic that a finding's values are. */
export type Statistic =
  | `p${1 | 5 | 10 | 50 | 90 | 95 | 99}`
  | 'share of requests'
  | 'share of traffic'
  | 'share of calls'
  | 'requests per instance'

/**
 * In sequential mode, the natural logarithm of an e-value and the threshold it must reach; in fixed mode, a
 * p-value and the threshold it must not exceed, null if there is no evidence.
 */
export type Evidence =
  | { readonly kind: 'e-value'; readonly logE: number; readonly needed: number }
  | { readonly kind: 'p-value'; readonly p: number | null; readonly needed: number }

/** The evidence from one of the tests that PASS needs. */
export type PartEvidence = Evidence & { readonly part: Part }

/** One cohort's side of a finding. `value` is in the finding's `unit`. */
export interface FindingSide {
  readonly count: number
  /** Requests with the event, for rates. */
  readonly events: number | null
  readonly value: number | null
}

/** One metric in one scope: what was measured, what was decided, and the evidence for it. */
export interface Finding {
  /** Its name in the policy. */
  readonly metric: string
  readonly scope: 'service' | 'operation'
  /** The operation; `(other)` for all small operations together, null for the whole service. */
  readonly operation: string | null
  /** Whether PASS needs it; a finding that is not required can only FAIL. */
  readonly required: boolean
  readonly decision: Decision
  /** Advisory findings are reported but do not affect the verdict. */
  readonly gate: Exclude<Gate, 'off'>
  /** The claim being tested: FAIL disproves it, PASS proves it. */
  readonly expect: Expect
  readonly statistic: Statistic
  /** Unit of the values: seconds, a share between 0 and 1, or a number in the attribute's own unit. */
  readonly unit: 'seconds' | 'share' | 'number'
  readonly stable: FindingSide
  readonly canary: FindingSide
  /** The part that the effect describes: the one that carried a FAIL, otherwise the typical request. */
  readonly part: Part
  /** Set if some values were zero: the values here are those above zero, and the share of zeros was judged separately. */
  readonly zerosApart?: true
  /** `ratio`: canary / stable; `odds-ratio`: ratio of the odds; `difference`: canary - stable, as a share. */
  readonly effect: { readonly kind: 'ratio' | 'odds-ratio' | 'difference'; readonly value: number | null }
  /**
   * Confidence sequence of the effect; null is unbounded. `level` is its error on each side. `changed`: no single effect
   * fits the whole window and every operation in it; `lower` then held only part of the time.
   */
  readonly interval: {
    readonly lower: number | null
    readonly upper: number | null
    readonly level: number
    readonly changed: boolean
  }
  /** The part of the window in which a FAIL was proved, if the values of the whole window do not show it; otherwise absent. */
  readonly provedWithin?: ProvedWithin
  /** The margin as people write it, such as `10%,2ms`. */
  readonly margin: string
  readonly evidence: {
    /** Evidence that the canary is worse than the margin. */
    readonly worse: Evidence
    /** Evidence that it is within the margin: every part must reach its threshold. */
    readonly within: readonly PartEvidence[]
  }
  /** When the decision was reached: seconds of canary traffic since the window's start. */
  readonly decidedAfterSeconds: number | null
  /** Flags whose variants differ between the cohorts at this operation. */
  readonly flags: readonly FlagDifference[]
  readonly message: string
}

/** The part of the window in which a FAIL was proved, and the values measured there in the finding's unit; null if unknown. */
export interface ProvedWithin {
  /** ISO 8601, UTC. */
  readonly start: string
  readonly end: string
  readonly stable: number | null
  readonly canary: number | null
  /** The canary instance that accounts for most of it; null if none does, or if instances are unknown. */
  readonly instance: string | null
}

/** A flag whose main variant differs between the cohorts; null for a cohort that never evaluated it. */
export interface FlagDifference {
  readonly flag: string
  /** The most frequent variant, and its share of the requests that evaluated the flag. */
  readonly stable: VariantShare | null
  readonly canary: VariantShare | null
}

/** A variant, and its share (0 to 1) of the flag's evaluations. */
export interface VariantShare {
  readonly variant: string
  readonly share: number
}
