import type { Histogram } from '@coalmine/stats'
import type { RateBlock } from '../series.ts'

/** What the store knows that tells whether a comparison is fair, besides who is compared. */
export interface FairnessFacts {
  /** Values of each cohort whose latency was left out, because the instance that served them was warming up. */
  readonly warmUp: { readonly stable: number; readonly canary: number }
  /** Null where the closed ticks know no instance. */
  readonly instances: readonly InstanceFacts[] | null
  /** What each instance did; empty where instances are not known apart, or are too few to be held against each other. */
  readonly cells: readonly InstanceCell[]
  /** Null where the cohorts are not chosen by build. */
  readonly builds: BuildFacts | null
  /** How far beyond the clock of the store the last span starts, in milliseconds; below zero for a span of the past. */
  readonly aheadMs: number
  /**
   * Calls of other services to addresses at which one cohort alone is called, tick by tick, and those without an answer;
   * empty where the callers' spans are not there, or the cohorts share their addresses.
   */
  readonly calls: readonly RateBlock[]
  /** Null where no tick was fit to be sampled. */
  readonly sample: { readonly stable: SampleFacts; readonly canary: SampleFacts } | null
}

/** One process that served a cohort. Times are milliseconds since 1970. */
export interface InstanceFacts {
  readonly instance: string
  /** `both` where the cohorts share their instances, as those of a flag do. */
  readonly cohort: 'stable' | 'canary' | 'both'
  readonly firstMs: number
  readonly lastMs: number
  /** Whether its first request is known to be its first: it appeared after the record of the service had begun. */
  readonly born: boolean
}

/** What one instance did at one operation in one block of the window. */
export interface InstanceCell {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  /** When the block begins, in milliseconds since 1970. */
  readonly tick: number
  readonly traces: number
  readonly errors: number
  /** In seconds. */
  readonly latency: Histogram
}

/** When the builds were first seen, at most a day before the window, and what has no build. */
export interface BuildFacts {
  readonly stableFirstMs: number
  readonly canaryFirstMs: number
  /** Requests of the service in the window that say no build. */
  readonly unmarkedRequests: number
}

/** What a few ticks of raw spans say of one cohort. */
export interface SampleFacts {
  readonly requests: number
  /** Spans of the service below the requests. */
  readonly children: number
  /** The instrumentation that made most of the requests' spans. */
  readonly scope: string
  /** How the requests were sampled: the probability that their trace state says, null where it says none. */
  readonly sampling: readonly SamplingShare[]
  /** Requests for which a flag of the comparison was decided by targeting. */
  readonly targeted: number
  /** Of requests whose caller's span is known: how much later than the call they start, in the median. */
  readonly skewMs: number | null
}

export interface SamplingShare {
  readonly probability: number | null
  readonly requests: number
  readonly errors: number
}
