/** When a running comparison ends, in milliseconds. */
export interface RunLimits {
  /** How long canary traffic is judged. */
  readonly forMs: number
  /** How long to wait for the first spans of both cohorts. */
  readonly waitMs: number
  /** How long the canary may serve nothing. */
  readonly idleMs: number
  /** Whether a PASS ends it too, like a FAIL. */
  readonly earlyPass: boolean
}
