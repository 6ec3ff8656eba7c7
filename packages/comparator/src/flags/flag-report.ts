import type { Outcome } from '../verdict/outcome.ts'

/** The state of a flag of one service in one environment, from what its users met. */
export type FlagState = 'unseen' | 'settled' | 'mixed' | 'new' | 'permanent' | 'stuck'

/** A variant that users met. Moments are ISO 8601. */
export interface FlagVariant {
  readonly variant: string
  /** Users' requests that met it within 7 and 30 days, and their shares; null if the flag was not evaluated. */
  readonly requests7: number
  readonly requests30: number
  readonly share7: number | null
  readonly share30: number | null
  readonly firstSeen: string
  readonly lastSeen: string
}

/** A build whose code evaluated the flag. */
export interface FlagBuild {
  readonly build: string
  readonly lastSeen: string
  /** Within 30 days. */
  readonly requests: number
  /** Whether it still evaluates the flag: within the last day of the service's traffic. */
  readonly still: boolean
}

/** The effect of a flag change on users, from comparing two variants at the same time, or the minutes before and after. */
export interface FlagChangeVerdict {
  readonly verdict: Outcome | 'running'
  /** The service whose users are meant: several services may share a flag. */
  readonly service: string
  /** The baseline: the other variant at the same time, or the minutes before. */
  readonly against: 'other-variant' | 'minutes-before'
  readonly stable: string
  readonly canary: string
  /** The reason, in a sentence. */
  readonly reason: string
}

/** A change of the flag. */
export interface FlagLastChange {
  readonly at: string
  readonly what: string
  readonly author: string
  readonly source: string
  readonly verdict: FlagChangeVerdict | null
}

/** A settled comparison of the flag's variants. */
export interface FlagComparison {
  readonly stable: string
  readonly canary: string
  readonly verdict: 'pass' | 'fail'
  readonly at: string
}

/** A flag of a service in an environment. Times are ISO 8601; the environment is empty if spans name none. */
export interface FlagReport {
  readonly flag: string
  readonly service: string
  readonly environment: string
  readonly state: FlagState
  /** For an unseen flag: no serving build evaluates it, or nothing serves. */
  readonly why: 'no-build' | 'no-traffic' | null
  /** What the state means here, in a sentence. */
  readonly text: string
  readonly owner: string | null
  /** Null if it is declared but was never seen. */
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly requests7: number
  readonly requests30: number
  /** Most requests first. */
  readonly variants: readonly FlagVariant[]
  /** The builds that evaluated it last, at most five. */
  readonly builds: readonly FlagBuild[]
  readonly lastChange: FlagLastChange | null
  readonly comparisons: readonly FlagComparison[]
  /** The start of the data on the service's flags. */
  readonly knownSince: string | null
}

/** The answer of `GET /api/flags`: flags that can be removed first. */
export interface FlagsAnswer {
  readonly at: string
  readonly flags: readonly FlagReport[]
}
