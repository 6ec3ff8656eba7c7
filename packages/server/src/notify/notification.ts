import type { NotifyEvent, Outcome } from '@coalmine/comparator'
import type { ComparisonRequest } from '../compare/request.ts'

/** How urgent it is: somebody is woken, somebody is told, or it can be read where one looks for it. */
export type Severity = 'page' | 'notify' | 'record'

/** What is told: an event of a comparison, an alert of something else, or a message that tries a target out. */
export type NotificationEvent = NotifyEvent | 'alert' | 'test'

/** Which requests a comparison is about, so that it can be told whether the canary still serves. */
export type ChosenRequests = Pick<ComparisonRequest, 'stable' | 'canary' | 'traffic' | 'audience' | 'side'>

/** One message, as it is kept: the same for every target, and however often it is sent. Moments are ISO 8601. */
export interface Notification {
  /** The same for each repetition: a receiver can drop those that it has had. */
  readonly id: string
  /** What it is about: the id of a comparison, or the key of an alert. Messages about the same thing supersede each other. */
  readonly about: string
  readonly event: NotificationEvent
  readonly severity: Severity
  readonly at: string
  readonly service: string
  readonly title: string
  /** Sentences. */
  readonly text: readonly string[]
  /** Since when it is so. */
  readonly since: string | null
  /** When the canary served first. */
  readonly deployedAt: string | null
  /** The page, as a path on this server. */
  readonly path: string
  /** The build under test, where it is one. */
  readonly version: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Of a comparison. */
  readonly requests: ChosenRequests | null
  readonly outcome: Outcome | null
  /** What it would be told as, did the rollback that is under way not come to its end. */
  readonly severityUnlessRolledBack?: Severity
  /** A canary that was not asked for so long is gone: it may have little traffic. Milliseconds. */
  readonly goneAfterMs?: number
}

/** Something that people must know beside comparisons, such as a rollout that is stuck. */
export interface Alert {
  /** Alerts of the same key are the same one: it is told once, and again where it becomes more urgent or is over. */
  readonly key: string
  readonly service: string
  readonly severity: Severity
  /** One line. */
  readonly title: string
  /** Sentences. */
  readonly text: readonly string[]
  /** Its page on this server, such as `/rollouts/5d1c0f`. */
  readonly path?: string
  /** The build it is about, to find who made it. */
  readonly version?: string
  readonly labels?: Readonly<Record<string, string>>
  /** When what it is about was changed, ISO 8601: within the hour whoever changed it is told. */
  readonly deployedAt?: string
  /** It is over. */
  readonly resolved?: boolean
}

/** Who made a change, and what is known of it; empty where nothing is. */
export interface Change {
  readonly commit?: string
  /** Number of the pull or merge request. */
  readonly change?: string
  readonly repository?: string
  readonly author?: string
  readonly merger?: string
  /** When it was deployed, ISO 8601. */
  readonly deployedAt?: string
}

/** A message with what is looked up before it is sent. */
export interface Message extends Notification {
  readonly url: string
  readonly change: Change
  /** Whom it concerns: those who made the change while it is fresh, else the owner of the service. */
  readonly people: readonly Person[]
}

/** Somebody who is told. */
export interface Person {
  readonly role: 'author' | 'merger' | 'owner'
  readonly name: string
  /** Member or group id. */
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

/** Whether a message is of something that goes on until it is resolved. */
export function isAlert({ event, severity }: Pick<Notification, 'event' | 'severity'>): boolean {
  return (event === 'fail' || event === 'alert') && severity !== 'record'
}
