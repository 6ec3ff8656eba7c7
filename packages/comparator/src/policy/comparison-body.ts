import type { PolicyInput } from './policy.ts'
import type { SloInput } from './slo-schema.ts'

/**
 * A comparison as whoever wants a verdict asks for it: the body of the server's `POST /api/compare`, and what other sources of
 * slices are asked. Left out, `traffic` is of users, `audience` is everyone, `scope` is requests, the window begins at the
 * canary's first span and ends now, and the policy is the default one.
 */
export interface ComparisonBody {
  readonly service: string
  /** Selectors, such as `service.version=2.0.0`. */
  readonly stable: string
  readonly canary: string
  /** `users`, `test` or `all`. */
  readonly traffic?: string
  readonly audience?: readonly string[]
  /** `requests`, or `downstream`: the calls that the service makes. */
  readonly scope?: string
  /** Flags whose part in the finding with the most evidence is told, whatever the verdict. */
  readonly interact?: readonly string[]
  /** Stable is the same hours of earlier days, so far back. */
  readonly stableWindowMs?: number
  /** A sliding window, or moments in ISO 8601. */
  readonly window?: { readonly sinceMs?: number; readonly start?: string; readonly end?: string }
  readonly policy?: PolicyInput
  /** Objectives whose error budgets are told beside the verdict; left out, those that the server has for this service. */
  readonly slo?: readonly SloInput[]
  /** Planned shares of the canary, such as `1%:30m,10%:1h,100%`. */
  readonly ramp?: string
}
