import type { Message, Notification } from '../notification.ts'
import type { Ask, Delivery } from '../request.ts'

/** How messages reach one kind of target. */
export interface Sender {
  /** Whether it is for this target at all, of the events that it is told. */
  readonly takes: (notification: Notification) => boolean
  /** Delivers a message; again, where that was not known to have worked. */
  readonly deliver: (message: Message) => Promise<Delivery>
  /** Says again that these go on, where the target forgets what is not repeated. */
  readonly repeat?: (firing: readonly Message[]) => Promise<Delivery>
}

/** With what senders work. */
export interface SenderContext {
  readonly ask: Ask
  readonly now: () => number
  /** Where this server is for people. */
  readonly baseUrl: () => string
}
