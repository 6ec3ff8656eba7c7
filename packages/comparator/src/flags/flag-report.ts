import type { Outcome } from '../verdict/outcome.ts'

/** What a flag is, of one service in one environment, by what its users met. */
export type FlagState = 'unseen' | 'settled' | 'mixed' | 'new' | 'permanent' | 'stuck'

/** A variant that users met. Moments are ISO 8601. */
export interface FlagVariant {
  readonly variant: string
  /** Requests of users that met it within 7 and 30 days, and their shares; null where the flag was not evaluated. */
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
  /** Whether it evaluates the flag still: within the last day of the service's traffic. */
  readonly still: boolean
}

/** How a flag's change came out for users: as a comparison of two variants at the same time, or of the minutes before and after. */
export interface FlagChangeVerdict {
  readonly verdict: Outcome | 'running'
  /** Whose users: a flag may be of several services. */
  readonly service: string
  /** Against what: the other variant at the same time, or the minutes before. */
  readonly against: 'other-variant' | 'minutes-before'
  readonly stable: string
  readonly canary: string
  /** Why, in a sentence. */
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

/** A flag of a service in an environment. Moments are ISO 8601; the environment is empty where spans name none. */
export interface FlagReport {
  readonly flag: string
  readonly service: string
  readonly environment: string
  readonly state: FlagState
  /** Of an unseen flag: builds serve and none of them evaluates it, or nothing serves. */
  readonly why: 'no-build' | 'no-traffic' | null
  /** What the state means here, in a sentence. */
  readonly text: string
  readonly owner: string | null
  /** Null where it was never seen, but is declared. */
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly requests7: number
  readonly requests30: number
  /** Most requests first. */
  readonly variants: readonly FlagVariant[]
  /** Those that met it last, at most five. */
  readonly builds: readonly FlagBuild[]
  readonly lastChange: FlagLastChange | null
  readonly comparisons: readonly FlagComparison[]
  /** From when on the service's flags are known: what was before is not. */
  readonly knownSince: string | null
}

/** The answer of `GET /api/flags`: what can go first. */
export interface FlagsAnswer {
  readonly at: string
  readonly flags: readonly FlagReport[]
}
