import type { ComparisonBody, PolicyInput, Verdict } from '@coalmine/comparator'
import type { Replay } from '../../packages/server/src/replay/calibrate.ts'
import type { ComparisonView } from '../../packages/server/src/views/view.ts'

/** Whose traffic a plan or a calibration is about: without a window, that of the two hours before stable's last request. */
interface StableBody {
  readonly service: string
  /** A selector, such as `service.version=1.9.0`. */
  readonly stable: string
  /** ISO 8601. */
  readonly start?: string
  readonly end?: string
  readonly policy?: PolicyInput
}

/** The body of `POST /api/plan`. */
export interface PlanBody extends StableBody {
  /** The canary's share of the traffic, between 0 and 1. */
  readonly share: number
  /** How often the answer should come in time, between 0 and 1. */
  readonly power: number
  /** The regressions to find, such as `latency=25%` and `errors=x5`. */
  readonly effects?: readonly string[]
  /** Also find the smallest share that gives every answer in this time. */
  readonly withinSeconds?: number
  readonly seed?: number
  /** How many canaries to simulate for each answer. Default: as many as a few seconds allow. */
  readonly runs?: number
}

/** The body of `POST /api/calibrate`. */
export interface CalibrateBody extends StableBody {
  readonly replay: Replay
  /** How long each canary runs. */
  readonly forSeconds: number
  /** Required if splits are replayed. */
  readonly seed?: number
}

/** The body of `POST /api/kayenta`: a Kayenta canary config, and the window of a verdict. */
export interface KayentaBody extends Pick<ComparisonBody, 'service' | 'stable' | 'canary' | 'traffic' | 'audience'> {
  /** ISO 8601. */
  readonly start: string
  readonly end: string
  readonly config: object
}

/** The body of `POST /api/backfill`. */
export interface BackFillBody {
  /** ISO 8601. */
  readonly start: string
  /** Default: now. */
  readonly end?: string
  readonly service?: string
}

/** The body of `POST /api/login`. */
export interface LoginBody {
  readonly token: string
}

/** The answer of `GET /healthz`. */
export interface HealthAnswer {
  readonly status: 'ok' | 'full' | 'failing'
  /** Why it is not `ok`. */
  readonly why?: string
  readonly refuses?: 'spans' | 'log records'
  readonly version: string
  readonly pid: number
}

/** The answer of `GET /readyz`. */
export interface ReadyAnswer extends HealthAnswer {
  /** How many requests hit each limit in the last minute. */
  readonly limited: Readonly<Record<string, number>>
}

/** The charts of a comparison that was not looked at yet. */
export interface NoView {
  readonly until: null
  readonly charts: null
  readonly calls: null
  readonly downstream: null
  readonly changes: readonly []
  readonly deploy: null
  readonly traces: null
}

/** The answer of `POST /api/charts`. */
export interface ChartsAnswer {
  readonly verdict: Verdict
  readonly view: ComparisonView
}

/** The body of `POST /gates/argo`. */
export interface ArgoBody {
  readonly service: string
  /** Selectors, such as `service.version=2.0.0`. */
  readonly stable: string
  readonly canary: string
  /** Distinguishes one rollout of a version from the next, such as the revision of the Rollout. */
  readonly run?: string
  /** The subject of the rollout, if it is not the service. */
  readonly subject?: string
  /** How long to wait for a verdict before answering, such as `20s`; 60s at most. */
  readonly wait?: string
  readonly traffic?: string
  /** How much canary traffic is judged, such as `30m`: the gate's deadline. */
  readonly for?: string
  /** What the gate does at its deadline if the verdict is INCONCLUSIVE. */
  readonly otherwise?: 'halt' | 'go'
  readonly earlyPass?: boolean | 'true' | 'false'
  /** A policy, as an object or as JSON in a string. */
  readonly policy?: PolicyInput | string
}

/** The body of Flagger's webhooks. */
export interface FlaggerBody {
  readonly name: string
  readonly namespace: string
  readonly phase?: string
  readonly checksum?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** The body of `POST /gates/kayenta/canary/{id}`: only the first of its scopes is compared. */
export interface KayentaExecutionBody {
  readonly scopes: Readonly<Record<string, KayentaScopes>>
  readonly thresholds?: { readonly pass: number; readonly marginal: number }
}

/** Both arms. */
export interface KayentaScopes {
  readonly controlScope: KayentaScope
  readonly experimentScope: KayentaScope
}

/** One side of an analysis, as a Kayenta client names it. */
export interface KayentaScope {
  /** A selector, such as `service.version=2.0.0`, preceded by `service=...` if the application is not the service. */
  readonly scope: string
  /** Moments in ISO 8601. */
  readonly start: string
  readonly end: string
}
