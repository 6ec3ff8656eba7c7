import type { NotifyEvent, Outcome } from '@coalmine/comparator'
import type { ComparisonRequest } from '../compare/request.ts'

/** The urgency: wake somebody, notify somebody, or only record it. */
export type Severity = 'page' | 'notify' | 'record'

/** The event of a message: one of a comparison, an alert about something else, or a test of a target. */
export type NotificationEvent = NotifyEvent | 'alert' | 'test'

/** The requests of a comparison, for finding out whether the canary still serves. */
export type ChosenRequests = Pick<ComparisonRequest, 'stable' | 'canary' | 'traffic' | 'audience' | 'side'>

/** A message as stored: the same for every target and every attempt. Times are ISO 8601. */
export interface Notification {
  /** The same for each repetition, so that receivers can drop duplicates. */
  readonly id: string
  /** The subject: the id of a comparison, or the key of an alert. Messages on the same subject supersede each other. */
  readonly about: string
  readonly event: NotificationEvent
  readonly severity: Severity
  readonly at: string
  readonly service: string
  readonly title: string
  /** Sentences. */
  readonly text: readonly string[]
  /** When this began. */
  readonly since: string | null
  /** When the canary first served. */
  readonly deployedAt: string | null
  /** The path of its page on this server. */
  readonly path: string
  /** The build under test; null if the canary is not one build. */
  readonly version: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Set for comparisons. */
  readonly requests: ChosenRequests | null
  readonly outcome: Outcome | null
  /** The severity if the rollback under way does not complete. */
  readonly severityUnlessRolledBack?: Severity
  /** A canary without requests for this long is gone; long enough for low traffic. Milliseconds. */
  readonly goneAfterMs?: number
}

/** Something other than a comparison that people must know, such as a stuck rollout. */
export interface Alert {
  /** Identifies the alert: it is sent once, and again when it becomes more urgent or is over. */
  readonly key: string
  readonly service: string
  readonly severity: Severity
  /** One line. */
  readonly title: string
  /** Sentences. */
  readonly text: readonly string[]
  /** The path of its page on this server, such as `/rollouts/5d1c0f`. */
  readonly path?: string
  /** The build concerned, for finding its author. */
  readonly version?: string
  readonly labels?: Readonly<Record<string, string>>
  /** When its subject was changed, ISO 8601: within an hour of that, the person who changed it is notified. */
  readonly deployedAt?: string
  /** Whether it is over. */
  readonly resolved?: boolean
}

/** What is known about a change and who made it; empty if nothing is. */
export interface Change {
  readonly commit?: string
  /** The number of the pull or merge request. */
  readonly change?: string
  readonly repository?: string
  readonly author?: string
  readonly merger?: string
  /** When it was deployed, ISO 8601. */
  readonly deployedAt?: string
}

/** A message with the details that are looked up before it is sent. */
export interface Message extends Notification {
  readonly url: string
  readonly change: Change
  /** Whom it concerns: the people behind the change while it is fresh, otherwise the owner of the service. */
  readonly people: readonly Person[]
}

/** A person to notify. */
export interface Person {
  readonly role: 'author' | 'merger' | 'owner'
  readonly name: string
  /** A member or group id. */
  readonly slack?: string
}

const urgency: readonly Severity[] = ['record', 'notify', 'page']

/**
 * Whether one severity is more urgent than another.
 *
 * @example isAbove('page', 'notify') // true
 */
export function isAbove(one: Severity, other: Severity): boolean {
  return urgency.indexOf(one) > urgency.indexOf(other)
}

/** Whether a message is about something that lasts until it is resolved. */
export function isAlert({ event, severity }: Pick<Notification, 'event' | 'severity'>): boolean {
  return (event === 'fail' || event === 'alert') && severity !== 'record'
}
