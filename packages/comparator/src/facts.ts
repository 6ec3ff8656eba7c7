import type { Histogram, Rate } from '@coalmine/stats'
import type { ComparedScope, Traffic } from './policy/traffic.ts'
import type { RateBlock } from './series.ts'
import type { Side } from './slice.ts'

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
  /** Requests that saw two variants of a flag, in neither cohort. */
  readonly mixedRequests: number
  /** Spans that came after their tick had closed. */
  readonly lateSpans: number
  /** What came so, by cohort: of the ticks that had most of it. */
  readonly late?: readonly LateTick[]
  /** Whether closed ticks answered, or raw spans had to be read; or metrics of spans, without the spans. */
  readonly source: 'ticks' | 'spans' | 'metrics'
  /** There are no closed ticks that this user may read, so that every answer comes from raw spans. */
  readonly spansOnly?: boolean
  /** Errors by their type, in the ticks that had some. */
  readonly errorTypes?: readonly ErrorTypeTick[]
  /** Client errors by their code, such as `HTTP 404` or `gRPC UNAUTHENTICATED`, likewise. */
  readonly clientCodes?: readonly ErrorTypeTick[]
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
  /** In fixed mode: which look at this comparison it is, as far as its data has grown. 1 where it is not told. */
  readonly look?: number | undefined
  readonly version: string
}

/** What came for one tick after it had closed: of so many traces of a cohort how many, and how many of these failed. */
export interface LateTick {
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stable: LateCounts
  readonly canary: LateCounts
}

/** Traces of one cohort in one tick: all, those of them that came late, and how many of these failed. */
export interface LateCounts {
  readonly traces: number
  readonly late: number
  readonly errors: number
}

/** The time that is judged. */
export interface Window {
  /** ISO 8601, UTC. Start of the first tick and end of the last closed one. */
  readonly start: string
  readonly end: string
  readonly seconds: number
  /** Whether the start stays where it is as time goes on; a sliding window is good for one look only. */
  readonly anchored: boolean
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
  /** How many flags, those with the fewest requests, have no shares here. */
  readonly flagsLeftOut?: number
}

/** How many requests of a cohort evaluated a flag to a variant at one operation. */
export interface FlagShare {
  readonly operation: string
  readonly flag: string
  readonly variant: string
  readonly requests: number
}

/** One type of error at one operation in one tick: of so many traces of each cohort, how many had it. */
export interface ErrorTypeTick {
  readonly type: string
  readonly operation: string
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stable: Rate
  readonly canary: Rate
}

/** A kind of span of the service in one tick: of so many traces of each cohort, how many have one below their request. */
export interface SpanTick {
  readonly tick: number
  /** client, internal or producer. */
  readonly kind: string
  readonly name: string
  readonly stable: Rate
  readonly canary: Rate
}

/** Of a metric of the policy's own: how many requests of each cohort had a value, had none, or had one below zero. */
export interface ValueFacts {
  readonly metric: string
  readonly stable: ValueCounts
  readonly canary: ValueCounts
}

/** How many requests of one cohort had a value of a metric. */
export interface ValueCounts {
  /** Values that were judged: one for each trace and operation. */
  readonly values: number
  readonly without: number
  /** These count as zero, which proves harm where there is harm, but hides how far below zero a value lies. */
  readonly negative: number
}

/** What is known of a comparison of span metrics: of counts of spans that were scraped, not of the spans. */
export interface SpanMetricsFacts {
  /** As the series are called. */
  readonly name: string
  readonly kind: 'classic' | 'native' | 'counter'
  /** How long a cell is, in which the cohorts are compared; and how many were joined since a scrape between them was missed. */
  readonly cellSeconds: number
  readonly joinedCells: number
  /** Whether a label tells test traffic. */
  readonly testsApart: boolean
  /** Requests that the first scrape of a process counts: when they came is not known. */
  readonly undated: ByArm
  /** Values of latency that were left out, because what served them was warming up. */
  readonly warmUp: ByArm
  /** Metrics of the policy that these series do not tell, and why. */
  readonly notMeasured: readonly { readonly metric: string; readonly why: string }[]
  /** An operation whose latency is counted in buckets of other bounds than others', in seconds. */
  readonly bucketsDiffer: {
    readonly operation: string
    readonly bounds: readonly (readonly number[])[]
  } | null
}

/** A count of each cohort. */
export interface ByArm {
  readonly stable: number
  readonly canary: number
}

/** Which earlier days stood for a stable that did not run beside the canary. */
export interface BeforeAfter {
  /** Such as `2026-11-20`, the newest first. */
  readonly days: readonly string[]
  /** Days that were asked for and do not count, and why. */
  readonly leftOut: readonly { readonly date: string; readonly why: string }[]
}

/** What stable did on one earlier day, at the hours of the canary. */
export interface EarlierDay {
  /** Such as `2026-11-20`. */
  readonly date: string
  /** Everything of the day together, by operation and metric. */
  readonly sums: Sums
  /** Requests by operation and tick, the ticks moved on to the canary's day. */
  readonly requests: ReadonlyMap<string, ReadonlyMap<number, number>>
}

/** Everything of some days or of a window together, by operation and metric. */
export type Sums = ReadonlyMap<string, ReadonlyMap<string, Side>>

/** What the store knows that tells whether a comparison is fair, besides who is compared. */
export interface FairnessFacts {
  /** Values of each cohort whose latency was left out, because the instance that served them was warming up. */
  readonly warmUp: { readonly stable: number; readonly canary: number }
  /** Null where the closed ticks know no instance. */
  readonly instances: readonly InstanceFacts[] | null
  /** What each instance did; empty where instances are not known apart, or are too few to be held against each other. */
  readonly cells: readonly InstanceCell[]
  /**
   * What each instance did in each tick, by which a FAIL stands or falls; asked for only where there would be one. Null or absent where
   * instances are not known apart, or were not asked.
   */
  readonly instanceTicks?: readonly InstanceTick[] | null
  /** For findings that would FAIL, where spans name users: those without whom they have to FAIL too. */
  readonly heaviestUsers?: readonly HeaviestUsers[]
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
  readonly sample: {
    readonly stable: SampleFacts
    readonly canary: SampleFacts
    /** Traces that met both cohorts, and in how many of them a request of the canary failed. */
    readonly metBoth?: { readonly traces: number; readonly failed: number }
    /** How far the clocks are off in ticks all over the window, in order; absent where only the end of it was looked at. */
    readonly clocks?: readonly ClockTick[]
  } | null
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

/** What one instance did at one operation, or at all the others together, `(other)`, in one tick. */
export interface InstanceTick {
  readonly cohort: 'stable' | 'canary'
  readonly instance: string
  readonly operation: string
  /** When the tick begins, in milliseconds since 1970. */
  readonly tick: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  readonly innerErrors: number
  /** In seconds; empty while the instance warmed up. Buckets may be wider than those of the slices. */
  readonly latency: Histogram
}

/** The users with most of what is bad in the canary at a finding that would FAIL, and what they did there. */
export interface HeaviestUsers {
  readonly metric: string
  /** The operation of the finding, null for the whole service. */
  readonly operation: string | null
  /** How many users they are. */
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
  /** Requests that name a user; absent where that was not looked at. */
  readonly named?: number
  /** Of requests whose caller's span is known: how much later than the call they start, in the median. */
  readonly skewMs: number | null
}

/** How much later than their calls the requests of one tick start, in the median of each cohort, in milliseconds; null where callers' spans do not tell. */
export interface ClockTick {
  /** Milliseconds since 1970. */
  readonly tick: number
  readonly stableMs: number | null
  readonly canaryMs: number | null
}

/** How many requests were kept with one probability, and how many of them failed; null where the trace state says none. */
export interface SamplingShare {
  readonly probability: number | null
  readonly requests: number
  readonly errors: number
}
