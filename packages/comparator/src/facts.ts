import type { Histogram, Rate } from '@coalmine/stats'
import type { ComparedScope, Traffic } from './policy/traffic.ts'
import type { RateBlock } from './series.ts'
import type { Side } from './slice.ts'

/** Input to the comparator besides the slices: the cohorts, the window, and what was left out. */
export interface Facts {
  readonly service: string
  readonly window: Window
  readonly stable: CohortFacts
  readonly canary: CohortFacts
  readonly traffic: Traffic
  /** The audiences whose requests were judged, such as `beta`; empty for all audiences. */
  readonly audience: readonly string[]
  readonly scope: ComparedScope
  /** Traces that matched both selectors; they are in neither cohort. */
  readonly overlap: number
  /** Requests that saw two variants of a flag; they are in neither cohort. */
  readonly mixedRequests: number
  /** Spans that arrived after their tick had closed. */
  readonly lateSpans: number
  /** Late traces by cohort, for the ticks that had the most of them. */
  readonly late?: readonly LateTick[]
  /** Where the slices come from: closed ticks, raw spans, or span metrics without the spans. */
  readonly source: 'ticks' | 'spans' | 'metrics'
  /** This user may read no closed ticks, so every answer comes from raw spans. */
  readonly spansOnly?: boolean
  /** Each instance serves hardly more than one request, so they are not processes, and are counted as unknown. */
  readonly shortLivedInstances?: boolean
  /** Errors by type, for the ticks that had any. */
  readonly errorTypes?: readonly ErrorTypeTick[]
  /** Client errors by code, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, for the ticks that had any. */
  readonly clientCodes?: readonly ErrorTypeTick[]
  /** The spans below the first requests, tick by tick. */
  readonly structure?: readonly SpanTick[] | undefined
  /** For custom metrics read from raw spans: how many requests had a value. */
  readonly values?: readonly ValueFacts[]
  /** Data for the fairness checks; absent where there is no store to query. */
  readonly fairness?: FairnessFacts
  /** Present if span metrics were read instead of spans. */
  readonly spanMetrics?: SpanMetricsFacts
  /** If stable is earlier days: which days, and what each of them showed. The slices then come from `slicesAgainst`. */
  readonly beforeAfter?: BeforeAfter
  readonly earlier?: readonly EarlierDay[]
  /** If no requests were found: what the store has seen, for the error message. */
  readonly known?:
    | {
        readonly services: readonly string[]
        readonly values: readonly string[]
        /** Stored spans of the service whose ticks have not closed yet; `unattended` if no server is running to close them. */
        readonly open: { readonly spans: number; readonly unattended?: boolean }
      }
    | undefined
  /** In fixed mode: the number of this look at the comparison, counting only looks with new data. Default 1. */
  readonly look?: number | undefined
  readonly version: string
}

/** Traces that arrived after their tick had closed, by cohort. */
export interface LateTick {
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stable: LateCounts
  readonly canary: LateCounts
}

/** Traces of one cohort in one tick: all, the late ones, and how many of the late ones failed. */
export interface LateCounts {
  readonly traces: number
  readonly late: number
  readonly errors: number
}

/** The time window that is judged. */
export interface Window {
  /** ISO 8601, UTC. Start of the first tick and end of the last closed one. */
  readonly start: string
  readonly end: string
  readonly seconds: number
  /** Whether the start is fixed; a sliding window is valid for a single look only. */
  readonly anchored: boolean
}

/** Facts about one cohort besides its slices. */
export interface CohortFacts {
  /** The selector as it was given, such as `service.version=2.0.0`. */
  readonly selector: string
  readonly requests: number
  /** Estimated number of requests served, if the trace states show that spans were sampled. */
  readonly adjustedRequests?: number
  /** Values judged: one per trace and operation. */
  readonly traces: number
  readonly instances: number
  /** Requests of test traffic, left out. */
  readonly testRequests: number
  /** Requests of the cohort that evaluated a flag to a variant, by operation. */
  readonly flags: readonly FlagShare[]
  /** How many flags were left out of `flags`: the ones with the fewest requests. */
  readonly flagsLeftOut?: number
}

/** The number of a cohort's requests at one operation that evaluated a flag to a variant. */
export interface FlagShare {
  readonly operation: string
  readonly flag: string
  readonly variant: string
  readonly requests: number
}

/** One error type at one operation in one tick: how many traces of each cohort had it. */
export interface ErrorTypeTick {
  readonly type: string
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stable: Rate
  readonly canary: Rate
}

/** One kind of span of the service in one tick: how many traces of each cohort have it below their request. */
export interface SpanTick {
  readonly tick: number
  /** client, internal or producer. */
  readonly kind: string
  readonly name: string
  readonly stable: Rate
  readonly canary: Rate
}

/** For a custom metric: how many requests of each cohort had a value, no value, or a negative one. */
export interface ValueFacts {
  readonly metric: string
  readonly stable: ValueCounts
  readonly canary: ValueCounts
}

/** How many requests of one cohort had a value of a metric. */
export interface ValueCounts {
  /** Values judged: one per trace and operation. */
  readonly values: number
  readonly without: number
  /** Negative values count as zero: this still detects harm, but hides how far below zero they are. */
  readonly negative: number
}

/** Facts about a comparison of span metrics, that is, of scraped counts instead of spans. */
export interface SpanMetricsFacts {
  /** The name of the series. */
  readonly name: string
  readonly kind: 'classic' | 'native' | 'counter'
  /** Length of the cells in which the cohorts are compared, and how many cells were joined because a scrape was missed. */
  readonly cellSeconds: number
  readonly joinedCells: number
  /** Whether a label marks test traffic. */
  readonly testsApart: boolean
  /** Requests counted by the first scrape of a process; when they happened is unknown. */
  readonly undated: ByArm
  /** Latency values that were left out because the instance was warming up. */
  readonly warmUp: ByArm
  /** Metrics of the policy that these series cannot measure, and why. */
  readonly notMeasured: readonly { readonly metric: string; readonly why: string }[]
  /** An operation whose latency buckets have different bounds (in seconds) from those of the others. */
  readonly bucketsDiffer: {
    readonly operation: string
    readonly bounds: readonly (readonly number[])[]
  } | null
}

/** A count for each cohort. */
export interface ByArm {
  readonly stable: number
  readonly canary: number
}

/** The earlier days that served as stable, if no stable ran beside the canary. */
export interface BeforeAfter {
  /** Dates such as `2026-11-20`, newest first. */
  readonly days: readonly string[]
  /** Requested days that were left out, and why. */
  readonly leftOut: readonly { readonly date: string; readonly why: string }[]
}

/** What stable did on one earlier day, at the same time of day as the canary. */
export interface EarlierDay {
  /** Such as `2026-11-20`. */
  readonly date: string
  /** Totals of the day, by operation and metric. */
  readonly sums: Sums
  /** Requests by operation and tick, with the ticks shifted to the canary's day. */
  readonly requests: ReadonlyMap<string, ReadonlyMap<number, number>>
}

/** Totals over days or over a window, by operation and metric. */
export type Sums = ReadonlyMap<string, ReadonlyMap<string, Side>>

/** Data from the store for the fairness checks. */
export interface FairnessFacts {
  /** Latency values of each cohort that were left out because their instance was warming up. */
  readonly warmUp: { readonly stable: number; readonly canary: number }
  /** Null if the closed ticks name no instance. */
  readonly instances: readonly InstanceFacts[] | null
  /** What each instance did; empty if instances cannot be told apart, or are too few to compare. */
  readonly cells: readonly InstanceCell[]
  /**
   * What each instance did in each tick, to check a FAIL; queried only if there would be one. Null or absent if
   * instances cannot be told apart, or were not queried.
   */
  readonly instanceTicks?: readonly InstanceTick[] | null
  /** For findings that would FAIL, if spans name users: the heaviest users, without whom the findings must still FAIL. */
  readonly heaviestUsers?: readonly HeaviestUsers[]
  /** Null if the cohorts are not selected by build. */
  readonly builds: BuildFacts | null
  /** How far ahead of the store's clock the last span starts, in milliseconds; negative for a span in the past. */
  readonly aheadMs: number
  /**
   * Calls from other services to addresses that belong to one cohort only, tick by tick, and how many went unanswered;
   * empty if there are no spans of the callers, or if the cohorts share their addresses.
   */
  readonly calls: readonly RateBlock[]
  /** Null if no tick was suitable for sampling. */
  readonly sample: {
    readonly stable: SampleFacts
    readonly canary: SampleFacts
    /** Traces that reached both cohorts, and in how many of them a canary request failed. */
    readonly metBoth?: { readonly traces: number; readonly failed: number; readonly retried?: number }
    /** Clock skew in ticks across the whole window, in order; absent if only the end of the window was sampled. */
    readonly clocks?: readonly ClockTick[]
  } | null
}

/** One process that served a cohort. Times are milliseconds since 1970. */
export interface InstanceFacts {
  readonly instance: string
  /** `both` if the cohorts share their instances, as the variants of a flag do. */
  readonly cohort: 'stable' | 'canary' | 'both'
  readonly firstMs: number
  readonly lastMs: number
  /** Whether `firstMs` is known to be its first request: it appeared after the service's record began. */
  readonly born: boolean
}

/** What one instance did at one operation in one block of the window. */
export interface InstanceCell {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  /** Start of the block, in milliseconds since 1970. */
  readonly tick: number
  readonly traces: number
  readonly errors: number
  /** In seconds. */
  readonly latency: Histogram
}

/** What one instance did in one tick at one operation, or at all remaining operations together, `(other)`. */
export interface InstanceTick {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  /** Start of the tick, in milliseconds since 1970. */
  readonly tick: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  readonly innerErrors: number
  /** In seconds; empty while the instance was warming up. Buckets may be wider than those of the slices. */
  readonly latency: Histogram
}

/** The users with the most bad requests in the canary, for a finding that would FAIL, and what they did. */
export interface HeaviestUsers {
  readonly metric: string
  /** The operation of the finding, null for the whole service. */
  readonly operation: string | null
  /** The number of users. */
  readonly users: number
  readonly ticks: readonly UserTick[]
}

/** What one user did in the canary at one operation in one tick. */
export interface UserTick {
  readonly tick: number
  readonly operation: string
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  readonly latency: Histogram
}

/** When the builds were first seen, at most a day before the window, and how many requests name no build. */
export interface BuildFacts {
  readonly stableFirstMs: number
  readonly canaryFirstMs: number
  /** Requests of the service in the window that name no build. */
  readonly unmarkedRequests: number
}

/** What a few ticks of raw spans show about one cohort. */
export interface SampleFacts {
  readonly requests: number
  /** Spans of the service below the requests. */
  readonly children: number
  /** The instrumentation scope that created most of the requests' spans. */
  readonly scope: string
  /** How the requests were sampled, from the probability in their trace state. */
  readonly sampling: readonly SamplingShare[]
  /** Requests for which targeting decided a flag of the comparison. */
  readonly targeted: number
  /** Requests that name a user; absent if that was not checked. */
  readonly named?: number
  /** Requests answered with a redirect, HTTP 3xx but 304; absent if that was not checked. */
  readonly redirects?: number
  /** Requests that end when they start, or before; absent if that was not checked. */
  readonly timeless?: number
  /** For requests whose caller's span is known: the median delay between the start of the call and of the request. */
  readonly skewMs: number | null
}

/** Median delay between the start of a call and of its request in one tick, in milliseconds; null if there are no spans of callers. */
export interface ClockTick {
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stableMs: number | null
  readonly canaryMs: number | null
}

/** Requests kept with one sampling probability, and how many failed; null if the trace state gives no probability. */
export interface SamplingShare {
  readonly probability: number | null
  readonly requests: number
  readonly errors: number
}
