import type { Decision } from '../finding.ts'

/**
 * The state of a test run: it is running, it was revoked, its markers expired, or nothing of it has been seen for a
 * while although they had not expired.
 */
export type RunState = 'running' | 'revoked' | 'expired' | 'finished'

/** Whether a run hurt users, as far as that can be told. */
export type UsersOutcome = 'hurt' | 'unharmed' | 'inconclusive'

/** The level of users' requests over some time; null if there were none. Latencies are in seconds. */
export interface UsersLevel {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly errorShare: number | null
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
}

/** One metric of users' requests during a run, against minutes without it. Latencies are seconds. */
export interface UsersFinding {
  readonly metric: string
  /** Null for the whole service, `(other)` for all small operations together. */
  readonly operation: string | null
  /** From the same judge as for canaries: `fail` beyond the margin, which is widened by how much the minutes differ. */
  readonly decision: Decision
  readonly without: number | null
  readonly during: number | null
  readonly unit: 'seconds' | 'share' | 'number'
  readonly effect: number | null
  readonly lower: number | null
  readonly upper: number | null
  /** The margin as written, such as `10%,2ms`. */
  readonly margin: string
}

/** The effect of a run on the users of one service. */
export interface ServiceUsers {
  readonly service: string
  readonly outcome: UsersOutcome
  /** One sentence, such as `errors 0.1 % -> 3.4 %`, or what is missing. */
  readonly message: string
  readonly during: UsersLevel
  /** The matched minutes before and after. */
  readonly without: UsersLevel
  /** Failed requests beyond what the matched minutes would have had; null without matched minutes. */
  readonly moreErrors: number | null
  /** When harm was proved, ISO 8601; null if it was not. */
  readonly provedAt: string | null
  /** The worst first. */
  readonly findings: readonly UsersFinding[]
}

/** The effect of a run on users: their requests during the run, against matched minutes before and after. Times are ISO 8601. */
export interface UsersEffect {
  readonly outcome: UsersOutcome
  readonly message: string
  /** The time that was judged. */
  readonly during: { readonly from: string; readonly to: string }
  /** The matched minutes: how many blocks of `blockSeconds` were before and after the run. */
  readonly matched: {
    readonly from: string
    readonly to: string
    readonly blockSeconds: number
    readonly before: number
    readonly after: number
  }
  /** Upper limit on the chance that a harmless run is found to hurt users, for any number of looks. */
  readonly falseAlarmRate: number
  /** Services that the run touched; those that were hurt come first. */
  readonly services: readonly ServiceUsers[]
}

/** The revocation of a run. */
export interface RunRevocation {
  readonly at: string
  /** Who or what did it. */
  readonly by: string
  readonly why: string
  /** Seconds from the revocation to the end of the last request still accepted as part of the run; null if there was none. */
  readonly lastSeenAfterSeconds: number | null
}

/** A test run in the form of the API. Times are ISO 8601. */
export interface TestRunAnswer {
  /** Empty for test requests that name no run. */
  readonly run: string
  readonly state: RunState
  readonly startedAt: string
  /** Null while it is running. */
  readonly endedAt: string | null
  /** Null if no marker names an owner. */
  readonly owner: string | null
  readonly expiresAt: string | null
  readonly revoked: RunRevocation | null
  readonly requests: number
  readonly errors: number
  readonly spans: number
  /** The number of its test entities. */
  readonly entities: number
  readonly services: readonly string[]
  /** The flag variants its requests got, as `key=variant`. */
  readonly flags: readonly string[]
  /** Most requests first. */
  readonly operations: readonly {
    readonly service: string
    readonly operation: string
    readonly requests: number
    readonly errors: number
  }[]
  /** Writes that went elsewhere than users' writes (`apart`), or to the same place; users' are those of the same service and time. */
  readonly writes: {
    readonly apart: number
    readonly withUsers: number
    readonly targets: readonly {
      readonly service: string
      readonly target: string
      readonly writes: number
      readonly usersWrites: number
    }[]
  }
  /** Null if it has not been judged: for older runs in a long list, or if the run has not been going on for long enough. */
  readonly users: UsersEffect | null
}

/** The answer of `GET /api/runs`, newest first. */
export interface RunsAnswer {
  readonly since: string
  readonly until: string
  readonly runs: readonly TestRunAnswer[]
}

/** The body of `POST /api/runs/:run/revoke`. */
export interface RevokeBody {
  readonly why?: string
  /** Who or what revokes it, if the server does not know the caller's name. */
  readonly by?: string
  /** Whether the run is already in the file that services watch, so that the server only records the revocation. */
  readonly isInFile?: boolean
}
