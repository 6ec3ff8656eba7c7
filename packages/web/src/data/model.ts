import type { Charts, FlagChangeVerdict, OperationRow, Outcome, Progress, Verdict } from '@coalmine/comparator'
import type { Downstream, TimelineChange, TraceSpan } from '@coalmine/store'

export type {
  BuildShares,
  Downstream,
  DownstreamSide,
  ServicesSeen,
  StoreSizes,
  TestTraffic,
  TraceSpan,
} from '@coalmine/store'

/** A change and, if it turned a flag, its effect; missing in reports and in data stored by earlier releases. */
export interface Change extends TimelineChange {
  readonly verdict?: FlagChangeVerdict | null
}

/** A running or ended comparison, as in `GET /api/comparisons/:id`. */
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

/** One trace, its spans in the order in which they began. */
export interface Trace {
  readonly traceId: string
  readonly seconds: number
  readonly spans: readonly TraceSpan[]
}

/** Traces of both cohorts, as in `GET /api/comparisons/:id/traces`. */
export interface Traces {
  readonly stable: readonly Trace[]
  readonly canary: readonly Trace[]
}

/** The data shown beside a verdict, as returned by `GET /api/comparisons/:id/charts`. */
export interface View {
  readonly until: string | null
  readonly charts: Charts | null
  readonly calls: readonly OperationRow[] | null
  /** Missing in data stored by earlier releases. */
  readonly changes?: readonly Change[]
  readonly deploy?: Change | null
  readonly downstream?: readonly Downstream[] | null
  readonly traces: Traces | null
}

/** Everything that the page of a comparison shows. It has a state only if the comparison runs in a server. */
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

/** What a server has seen, as returned by `GET /api/known`. */
export interface Known {
  readonly services: readonly string[]
  readonly values: readonly string[]
  readonly requests: readonly number[]
  /** Seconds since 1970. */
  readonly first: readonly number[]
  readonly served?: { readonly startMs: number; readonly endMs: number }
  readonly open: { readonly ticks: number; readonly spans: number; readonly unattended?: boolean }
}

/** Which marks arrive from a service, as in `GET /api/doctor`. */
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

/** The server's state, as in `GET /readyz`. */
export interface Health {
  readonly status: 'ok' | 'full' | 'failing'
  readonly why?: string
  readonly version: string
  readonly limited?: Readonly<Record<string, number>>
}
