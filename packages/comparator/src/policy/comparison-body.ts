import type { PolicyInput } from './policy.ts'
import type { SloInput } from './slo-schema.ts'

/**
 * A request for a comparison: the body of the server's `POST /api/compare`, and the input to other sources of
 * slices. Defaults: `traffic` is users, `audience` is everyone, `scope` is requests, the window starts at the
 * canary's first span and ends now, and the policy is the default policy.
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
  /** Flags whose part in the finding with the most evidence is reported, whatever the verdict. */
  readonly interact?: readonly string[]
  /** Compare with the same hours of earlier days, going back this far. */
  readonly stableWindowMs?: number
  /** A sliding window, or start and end in ISO 8601. */
  readonly window?: { readonly sinceMs?: number; readonly start?: string; readonly end?: string }
  readonly policy?: PolicyInput
  /** Objectives whose error budgets are reported with the verdict. Default: those that the server has for this service. */
  readonly slo?: readonly SloInput[]
  /** Planned shares of the canary, such as `1%:30m,10%:1h,100%`. */
  readonly ramp?: string
}
