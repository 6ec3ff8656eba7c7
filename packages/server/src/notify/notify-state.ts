import type { LaneState } from './lane.ts'
import type { Severity } from './notification.ts'

/** A target, and its state. */
export interface TargetState extends LaneState {
  /** Such as `slack`. */
  readonly type: string
  /** Why nothing is sent to it; null if it is in use. */
  readonly off: string | null
}

/** What goes on until it is resolved. */
export interface OpenAlert {
  /** The id of a comparison, or the key of an alert. */
  readonly about: string
  readonly severity: Severity
  readonly title: string
  /** Since when, ISO 8601. */
  readonly at: string
}

/** The state of a message at a target. */
export interface NotificationFate {
  readonly id: string
  readonly target: string
  /** ISO 8601. */
  readonly at: string
  readonly state: 'queued' | 'sent' | 'refused' | 'expired'
  /** What the target answered. */
  readonly note: string
}

/** The answer of `GET /api/notifications`. */
export interface NotifyState {
  readonly targets: readonly TargetState[]
  readonly open: readonly OpenAlert[]
  /** The newest first, at most 100. */
  readonly recent: readonly NotificationFate[]
}
