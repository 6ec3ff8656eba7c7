import type { Outcome } from '../verdict/outcome.ts'
import type { ComparisonAnswer, EndReason, Look } from './comparison-state.ts'

/** Common fields of all events of a comparison. */
interface Numbered {
  /** Increasing number among the events of the comparison; there may be gaps. */
  readonly id: number
  /** When it happened, ISO 8601. */
  readonly at: string
}

/** The comparison was started; its state at that time. */
export interface StartedEvent extends Numbered {
  readonly event: 'started'
  readonly state: ComparisonAnswer
}

/** A look with an unchanged outcome. */
export interface LookEvent extends Numbered, Look {
  readonly event: 'look'
}

/** A look that changed the outcome; `before` is null at the first look. */
export interface OutcomeEvent extends Numbered, Look {
  readonly event: 'outcome'
  readonly before: Outcome | null
}

/** The comparison ended; this is the last event. */
export interface EndedEvent extends Numbered, Look {
  readonly event: 'ended'
  readonly why: EndReason
}

/** An event of a running comparison. */
export type ComparisonEvent = StartedEvent | LookEvent | OutcomeEvent | EndedEvent

/** The events of a comparison as JSON; the last one of all is `ended`. */
export interface ComparisonEvents {
  readonly events: readonly ComparisonEvent[]
}
