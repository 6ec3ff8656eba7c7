import type { Charts, OperationRow, Outcome, Progress, Verdict } from '@coalmine/comparator'

/** A comparison that runs, or did, as `GET /api/comparisons/:id` tells of it. */
export interface RunState {
  readonly id: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly labels: Readonly<Record<string, string>>
  readonly limits: { readonly forMs: number; readonly earlyPass: boolean }
  readonly state: 'running' | 'ended'
  readonly startedAt: string
  readonly endedAt: string | null
  readonly why: 'settled' | 'time' | 'idle' | 'stopped' | 'refused' | null
  readonly outcome: Outcome | null
  readonly judgedAt: string | null
  readonly reason: string | null
  readonly progress: Progress | null
}

/** One span of a trace. */
export interface TraceSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly service: string
  readonly name: string
  readonly kind: string
  readonly startMs: number
  readonly ms: number
  readonly failed: boolean
}

/** One trace, its spans in the order in which they began. */
export interface Trace {
  readonly traceId: string
  readonly seconds: number
  readonly spans: readonly TraceSpan[]
}

/** Traces of both cohorts, as `GET /api/comparisons/:id/traces` has them. */
export interface Traces {
  readonly stable: readonly Trace[]
  readonly canary: readonly Trace[]
}

/** What one cohort's requests made another service do. */
export interface DownstreamSide {
  readonly requests: number
  readonly errors: number
  readonly p50: number | null
  readonly p99: number | null
}

/** What another service did below the requests of both cohorts. */
export interface Downstream {
  readonly service: string
  readonly operation: string
  readonly stable: DownstreamSide
  readonly canary: DownstreamSide
}

/** What is looked at beside a verdict, as `GET /api/comparisons/:id/charts` has it. */
export interface View {
  readonly until: string | null
  readonly charts: Charts | null
  readonly calls: readonly OperationRow[] | null
  /** These are absent in what earlier releases kept. */
  readonly changes?: readonly Change[]
  readonly deploy?: Change | null
  readonly downstream?: readonly Downstream[] | null
  readonly traces: Traces | null
}

/** All that the page of a comparison shows: a state where it runs in a server, none where somebody looked once. */
export interface ComparisonData {
  readonly state: RunState | null
  readonly verdict: Verdict | null
  readonly view: View | null
}

/** A report's data: what the page shows, and when it was written. */
export interface ReportData extends ComparisonData {
  readonly kind: 'comparison'
  readonly writtenAt: string
}

/** Something that was deployed, or changed otherwise; texts are empty where nothing is known. */
export interface Change {
  readonly id: string
  readonly kind: 'deploy' | 'flag' | 'event'
  readonly service: string
  readonly version: string
  readonly flag: string
  readonly what: string
  readonly author: string
  readonly mergedBy: string
  readonly commit: string
  readonly url: string
  readonly environment: string
  /** How many changes a build bundles; 0 where that is not known. */
  readonly changes: number
  readonly atMs: number
  readonly source: string
  /** When the first requests of the build ended. */
  readonly servedMs: number | null
}

/** The newest builds of a service, and how its requests were shared by them, as `GET /api/builds` tells. */
export interface BuildShares {
  readonly startMs: number
  readonly binSeconds: number
  readonly builds: readonly {
    readonly version: string
    readonly firstMs: number
    readonly lastMs: number
    readonly requests: number
    readonly bins: readonly number[]
  }[]
  readonly all: readonly number[]
}

/** What a server has seen, as `GET /api/known` tells. */
export interface Known {
  readonly services: readonly string[]
  readonly values: readonly string[]
  readonly requests: readonly number[]
  /** Seconds since 1970. */
  readonly first: readonly number[]
  readonly served?: { readonly startMs: number; readonly endMs: number }
  readonly open: { readonly ticks: number; readonly spans: number; readonly unattended?: boolean }
}

/** Which marks arrive from a service, as `GET /api/doctor` tells. */
export interface Doctor {
  readonly service: string
  readonly spans: number
  readonly firstMs: number
  readonly lastMs: number
  readonly requests: number
  readonly withBuild: number
  readonly withFlags: number
  readonly test: number
  readonly builds: readonly string[]
  readonly flags: readonly string[]
  readonly instances: readonly string[]
  readonly late: number
  readonly open: { readonly ticks: number; readonly spans: number; readonly seconds: number }
}

/** What the store holds, as `GET /api/store` tells. */
export interface Sizes {
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly bytes: number }[]
  readonly oldestMs?: number
  readonly newestMs?: number
  readonly retentionDays: number
}

/** How the server is doing, as `GET /readyz` tells. */
export interface Health {
  readonly status: 'ok' | 'full' | 'failing'
  readonly why?: string
  readonly version: string
  readonly limited?: Readonly<Record<string, number>>
}

/** Requests with a test mark in the last hours, as `GET /api/tests` tells. Times are milliseconds since 1970. */
export interface TestTraffic {
  readonly hours: number
  /** The newest first; the empty name is that of requests that name no run. */
  readonly runs: readonly {
    readonly run: string
    readonly firstMs: number
    readonly lastMs: number
    readonly spans: number
    readonly requests: number
    readonly errors: number
    readonly entities: number
    readonly services: readonly string[]
  }[]
  readonly entities: readonly { readonly entity: string; readonly requests: number; readonly lastMs: number }[]
  readonly services: readonly {
    readonly service: string
    readonly operation: string
    readonly requests: number
    readonly errors: number
  }[]
}
