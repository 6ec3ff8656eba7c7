import type { Message, Notification } from '../notification.ts'
import type { Ask, Delivery } from '../request.ts'

/** Delivers messages to one kind of target. */
export interface Sender {
  /** Whether a message is of interest to this kind of target at all. */
  readonly takes: (notification: Notification) => boolean
  /** Delivers a message; may be repeated if success was not certain. */
  readonly deliver: (message: Message) => Promise<Delivery>
  /** Repeats alerts that continue, for targets that forget them otherwise. */
  readonly repeat?: (firing: readonly Message[]) => Promise<Delivery>
}

/** What senders need. */
export interface SenderContext {
  readonly ask: Ask
  readonly now: () => number
  /** The URL at which people reach this server. */
  readonly baseUrl: () => string
}
