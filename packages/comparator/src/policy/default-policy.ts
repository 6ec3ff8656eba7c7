import { type MetricPolicy, metricPolicyOf } from './metric-policy.ts'
import type { MetricInput } from './metric-schema.ts'
import type { Mode } from './mode.ts'

/** What is judged and how strictly. */
export interface Policy {
  /** Chance that a canary no worse than the margin FAILs, over all findings and any number of looks. */
  readonly alpha: number
  /** Chance that a canary worse than the margin PASSes, per finding. */
  readonly alphaPass: number
  /** The canary's declared share of the traffic, between 0 and 1; lost requests are judged against it. */
  readonly split: number | null
  /** Operations with at least this share of stable's traffic are judged individually, smaller ones together. */
  readonly minimumShare: number
  /** Seconds after an instance's start that are left out of latency, never of errors. */
  readonly warmUp: number
  /** Whether users were assigned at random for a flag decided by a rule, for example by a percentage inside the rule. */
  readonly randomised: boolean
  /** How often you may look. */
  readonly mode: Mode
  /** Every metric that was named, and those that are on by default. Names are unique. */
  readonly metrics: readonly MetricPolicy[]
}

/** Metrics that are on by default; lost requests need a declared split, and inner errors decide only if the policy asks for it. */
export const alwaysJudged: ReadonlyMap<string, MetricInput> = new Map([
  ['latency', {}],
  ['errors', {}],
  ['client-errors', {}],
  ['lost-requests', {}],
  ['inner-errors', { gate: 'advisory' }],
])

/** The default policy: what is judged, and how strictly. */
export const defaultPolicy: Policy = {
  alpha: 0.05,
  alphaPass: 0.05,
  split: null,
  minimumShare: 0.05,
  warmUp: 60,
  randomised: false,
  mode: 'sequential',
  metrics: [...alwaysJudged].map(([name, entry]) => metricPolicyOf(name, entry)),
}
