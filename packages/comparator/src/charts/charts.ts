import type { Decision, Finding, Part } from '../finding.ts'

/**
 * What a person looks at beside a verdict, from the same slices, policy and facts: each list is in the order of time and has at
 * most `mostPoints` entries, so that it can be sent and kept whatever the window.
 */
export interface Charts {
  readonly schema: 'coalmine.charts/1'
  readonly window: { readonly start: string; readonly end: string }
  /** How long each entry of the evidence is: the first begins with the window. */
  readonly binSeconds: number
  /** All metrics of all scopes together: how much of what FAIL and PASS need has come in. */
  readonly evidence: TotalEvidence
  /** Every operation that either cohort served, the most harm first. */
  readonly operations: readonly OperationRow[]
  /** The service first, then operations in the order of the table. */
  readonly scopes: readonly ScopeChart[]
}

/** Of everything that is judged, in shares of what decides: 1 is the line, for both. */
export interface TotalEvidence {
  /** Of the finding that is nearest to FAIL. */
  readonly harm: readonly number[]
  /** Of the finding that is farthest from PASS, of those that PASS needs. */
  readonly safety: readonly number[]
  /** How many parts of PASS have been shown, of so many. */
  readonly shown: readonly number[]
  readonly parts: number
  /** When the first finding reached FAIL, in seconds since the window's start; null where none has. */
  readonly harmAt: number | null
  /** When the last part that PASS needs was first shown. */
  readonly safetyAt: number | null
}

/** One operation in the table. */
export interface OperationRow {
  readonly operation: string
  /** Judged by itself, with the other small ones, or not at all, since one cohort alone served it. */
  readonly judged: 'alone' | 'with-others' | 'not'
  readonly stable: OperationSide
  readonly canary: OperationSide
  /** Share of what FAIL needs, of its worst metric; null where it is not judged alone. */
  readonly harm: number | null
  /** Share of what PASS needs, of its slowest part; null likewise. */
  readonly safety: number | null
  readonly decision: Decision | null
}

/** What one cohort did at one operation over the whole window. */
export interface OperationSide {
  readonly requests: number
  readonly errors: number
  /** In seconds; null where there are no values. */
  readonly p50: number | null
  readonly p99: number | null
}

/** The charts of the service, or of one operation. */
export interface ScopeChart {
  /** Null for the whole service; `(other)` for the small ones together. */
  readonly operation: string | null
  /** How long each entry of its lists is: the first begins with the window. */
  readonly binSeconds: number
  readonly requests: ByTime<readonly number[]>
  readonly metrics: readonly MetricChart[]
}

/** The same of both cohorts. */
export interface ByTime<Values> {
  readonly stable: Values
  readonly canary: Values
}

/** One metric of one scope over time. */
export interface MetricChart {
  readonly metric: string
  readonly unit: Finding['unit']
  readonly worse: 'higher' | 'lower'
  /** Null for what is not judged here. */
  readonly decision: Decision | null
  readonly levels: Levels
  readonly evidence: MetricEvidence
  /** How the estimate of the difference narrowed; null where it was not worked out, or is not known. */
  readonly effect: EffectOverTime | null
  /** Null for rates. */
  readonly distribution: DistributionChart | null
}

/** How both cohorts fared over time; null where a cohort had nothing. */
export type Levels =
  | { readonly kind: 'rate'; readonly stable: RateLevels; readonly canary: RateLevels }
  | { readonly kind: 'distribution'; readonly stable: ValueLevels; readonly canary: ValueLevels }
  | { readonly kind: 'none' }

/** So many requests, and how many of them had the event. */
export interface RateLevels {
  readonly n: readonly number[]
  readonly events: readonly number[]
}

/** So many values, and their quantiles. */
export interface ValueLevels {
  readonly n: readonly number[]
  readonly p50: readonly (number | null)[]
  readonly p90: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
}

/** The natural logarithm of the evidence at the end of each bin: its highest so far. */
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
  /** Of each side of the interval. */
  readonly level: number
  /** How much worse is acceptable, on the scale of the effect. */
  readonly margin: number | null
  readonly points: readonly EffectPoint[]
}

/** What was known of the difference at one moment; null is unbounded. */
export interface EffectPoint {
  /** Seconds since the window's start. */
  readonly at: number
  readonly value: number | null
  readonly lower: number | null
  readonly upper: number | null
}

/** How the values of the whole window are spread. */
export interface DistributionChart {
  /** Edges of the buckets, one more than there are buckets, in the metric's unit. */
  readonly edges: readonly number[]
  /** Shares of all values of the cohort. */
  readonly stable: readonly number[]
  readonly canary: readonly number[]
  /** The quantiles that tests look at. */
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
