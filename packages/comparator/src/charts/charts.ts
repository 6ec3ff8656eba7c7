import type { Decision, Finding, Part } from '../finding.ts'

/**
 * The charts of a verdict, from the same slices, policy and facts: each list is in chronological order and has at
 * most `mostPoints` entries, so that it can be sent and stored whatever the window.
 */
export interface Charts {
  readonly schema: 'coalmine.charts/1'
  readonly window: { readonly start: string; readonly end: string }
  /** Length of each evidence entry; the first starts with the window. */
  readonly binSeconds: number
  /** All metrics and scopes together: the share of the evidence needed for FAIL and for PASS. */
  readonly evidence: TotalEvidence
  /** Every operation that either cohort served, most harm first. */
  readonly operations: readonly OperationRow[]
  /** The service first, then operations in table order. */
  readonly scopes: readonly ScopeChart[]
}

/** Evidence over everything that is judged, as shares of what is needed: 1 decides, for both. */
export interface TotalEvidence {
  /** The finding nearest to FAIL. */
  readonly harm: readonly number[]
  /** The finding farthest from PASS, among those that PASS needs. */
  readonly safety: readonly number[]
  /** How many parts of PASS have been proved, out of `parts`. */
  readonly shown: readonly number[]
  readonly parts: number
  /** When the first finding reached FAIL, in seconds since the window's start; null if none has. */
  readonly harmAt: number | null
  /** When the last part that PASS needs was first proved. */
  readonly safetyAt: number | null
}

/** One operation in the table. */
export interface OperationRow {
  readonly operation: string
  /** Judged individually, with the other small ones, or not at all because only one cohort served it. */
  readonly judged: 'alone' | 'with-others' | 'not'
  readonly stable: OperationSide
  readonly canary: OperationSide
  /** Share of the evidence that FAIL needs, for its worst metric; null if it is not judged individually. */
  readonly harm: number | null
  /** Share of the evidence that PASS needs, for its slowest part; null likewise. */
  readonly safety: number | null
  readonly decision: Decision | null
}

/** What one cohort did at one operation over the whole window. */
export interface OperationSide {
  readonly requests: number
  readonly errors: number
  /** In seconds; null if there are no values. */
  readonly p50: number | null
  readonly p99: number | null
}

/** The charts of the service, or of one operation. */
export interface ScopeChart {
  /** Null for the whole service; `(other)` for the small ones together. */
  readonly operation: string | null
  /** Length of each entry of its lists; the first starts with the window. */
  readonly binSeconds: number
  readonly requests: ByTime<readonly number[]>
  readonly metrics: readonly MetricChart[]
}

/** Values over time for both cohorts. */
export interface ByTime<Values> {
  readonly stable: Values
  readonly canary: Values
}

/** One metric of one scope over time. */
export interface MetricChart {
  readonly metric: string
  readonly unit: Finding['unit']
  readonly worse: 'higher' | 'lower'
  /** Null if it is not judged here. */
  readonly decision: Decision | null
  readonly levels: Levels
  readonly evidence: MetricEvidence
  /** How the estimate of the difference narrowed; null if it was not computed or is unknown. */
  readonly effect: EffectOverTime | null
  /** Null for rates. */
  readonly distribution: DistributionChart | null
}

/** Levels of both cohorts over time; null where a cohort has no data. */
export type Levels =
  | { readonly kind: 'rate'; readonly stable: RateLevels; readonly canary: RateLevels }
  | { readonly kind: 'distribution'; readonly stable: ValueLevels; readonly canary: ValueLevels }
  | { readonly kind: 'none' }

/** Number of requests, and how many of them had the event. */
export interface RateLevels {
  readonly n: readonly number[]
  readonly events: readonly number[]
}

/** Number of values, and their quantiles. */
export interface ValueLevels {
  readonly n: readonly number[]
  readonly p50: readonly (number | null)[]
  readonly p90: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
}

/** The natural logarithm of the evidence at the end of each bin: the running maximum. */
export interface MetricEvidence {
  readonly harm: readonly number[]
  readonly harmNeeded: number
  readonly harmAt: number | null
  readonly safety: readonly { readonly part: Part; readonly values: readonly number[]; readonly at: number | null }[]
  readonly safetyNeeded: number
}

/** The estimate of the difference at a few moments, with its confidence sequence. */
export interface EffectOverTime {
  readonly kind: Finding['effect']['kind']
  /** Error level of each side of the interval. */
  readonly level: number
  /** How much worse is acceptable, on the scale of the effect. */
  readonly margin: number | null
  readonly points: readonly EffectPoint[]
}

/** The estimate of the difference at one time; null is unbounded. */
export interface EffectPoint {
  /** Seconds since the window's start. */
  readonly at: number
  readonly value: number | null
  readonly lower: number | null
  readonly upper: number | null
}

/** The distribution of the values over the whole window. */
export interface DistributionChart {
  /** Edges of the buckets, one more than there are buckets, in the metric's unit. */
  readonly edges: readonly number[]
  /** Shares of all values of the cohort. */
  readonly stable: readonly number[]
  readonly canary: readonly number[]
  /** The quantiles that the tests examine. */
  readonly quantiles: ByTime<Quantiles>
}

/** The quantiles of a cohort over the whole window. */
export interface Quantiles {
  readonly n: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
}
