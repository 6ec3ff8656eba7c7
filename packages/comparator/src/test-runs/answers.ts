import type { Decision } from '../finding.ts'

/**
 * What became of a test run: it goes on, somebody or something revoked it, its markers ended, or nothing of it has been seen for a
 * while though they had not.
 */
export type RunState = 'running' | 'revoked' | 'expired' | 'finished'

/** Whether a run hurt users, as far as that can be told. */
export type UsersOutcome = 'hurt' | 'unharmed' | 'inconclusive'

/** What users' requests were like in some time: null where there were none. Latencies are seconds. */
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
  /** Null for the whole service, `(other)` for small operations together. */
  readonly operation: string | null
  /** Of the same judge as a canary's: `fail` where it is beyond the margin, which was widened by how much the minutes differ. */
  readonly decision: Decision
  readonly without: number | null
  readonly during: number | null
  readonly unit: 'seconds' | 'share' | 'number'
  readonly effect: number | null
  readonly lower: number | null
  readonly upper: number | null
  /** As people write it, such as `10%,2ms`. */
  readonly margin: string
}

/** What a run did to the users of one service. */
export interface ServiceUsers {
  readonly service: string
  readonly outcome: UsersOutcome
  /** One sentence, such as `errors 0.1 % -> 3.4 %`, or what is missing. */
  readonly message: string
  readonly during: UsersLevel
  /** The matched minutes before and after. */
  readonly without: UsersLevel
  /** Failed requests beyond what the matched minutes would have had; null where there are none of these. */
  readonly moreErrors: number | null
  /** When harm was proved, ISO 8601; null where it was not. */
  readonly provedAt: string | null
  /** The worst first. */
  readonly findings: readonly UsersFinding[]
}

/** What a run did to users: their requests while it went on, against matched minutes before and after. Moments are ISO 8601. */
export interface UsersEffect {
  readonly outcome: UsersOutcome
  readonly message: string
  /** What was judged. */
  readonly during: { readonly from: string; readonly to: string }
  /** The minutes that it was matched with: blocks of `blockSeconds`, of which so many were before and after. */
  readonly matched: {
    readonly from: string
    readonly to: string
    readonly blockSeconds: number
    readonly before: number
    readonly after: number
  }
  /** The chance that a run that does nothing is found to hurt users, at most, however often one looks. */
  readonly falseAlarmRate: number
  /** Services that the run touched, those that were hurt first. */
  readonly services: readonly ServiceUsers[]
}

/** That a run was stopped. */
export interface RunRevocation {
  readonly at: string
  /** Who or what did it. */
  readonly by: string
  readonly why: string
  /** Seconds from then to the end of the last request that was still believed to be of the run; null where there was none. */
  readonly lastSeenAfterSeconds: number | null
}

/** A test run, as the API tells of it. Moments are ISO 8601. */
export interface TestRunAnswer {
  /** Empty for test requests that name no run. */
  readonly run: string
  readonly state: RunState
  readonly startedAt: string
  /** Null while it goes on. */
  readonly endedAt: string | null
  /** Null where no marker says so. */
  readonly owner: string | null
  readonly expiresAt: string | null
  readonly revoked: RunRevocation | null
  readonly requests: number
  readonly errors: number
  readonly spans: number
  /** Whom or what it was about: how many. */
  readonly entities: number
  readonly services: readonly string[]
  /** `key=variant`, that its requests got. */
  readonly flags: readonly string[]
  /** Most requests first. */
  readonly operations: readonly {
    readonly service: string
    readonly operation: string
    readonly requests: number
    readonly errors: number
  }[]
  /** Writes went somewhere else than those of users, or to the same place; users' are those of the same service at the same time. */
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
  /** Null where it has not been judged: of older runs of a long list, or before the run has been going on for long enough. */
  readonly users: UsersEffect | null
}

/** The answer of `GET /api/runs`: the newest first. */
export interface RunsAnswer {
  readonly since: string
  readonly until: string
  readonly runs: readonly TestRunAnswer[]
}

/** The body of `POST /api/runs/:run/revoke`. */
export interface RevokeBody {
  readonly why?: string
  /** Who or what does it, where the server knows no name of whoever asks. */
  readonly by?: string
  /** The run is in the file that services watch already: the server only writes it down. */
  readonly isInFile?: boolean
}
