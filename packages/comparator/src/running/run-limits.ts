/** When a comparison that runs is over, in milliseconds. */
export interface RunLimits {
  /** How much canary traffic is judged. */
  readonly forMs: number
  /** How long the first spans of both cohorts may take. */
  readonly waitMs: number
  /** How long the canary may serve nothing. */
  readonly idleMs: number
  /** Whether a PASS ends it, too, as a FAIL does. */
  readonly earlyPass: boolean
}
