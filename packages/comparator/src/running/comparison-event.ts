import type { Outcome } from '../verdict/outcome.ts'
import type { ComparisonAnswer, EndReason, Look } from './comparison-state.ts'

/** What every event of a comparison has. */
interface Numbered {
  /** Its number among the events of the comparison: they grow, and some may be missing. */
  readonly id: number
  /** When it happened, ISO 8601. */
  readonly at: string
}

/** It was started; its state at that moment. */
export interface StartedEvent extends Numbered {
  readonly event: 'started'
  readonly state: ComparisonAnswer
}

/** It was looked at, and the outcome is what it was. */
export interface LookEvent extends Numbered, Look {
  readonly event: 'look'
}

/** It was looked at, and the outcome is not what it was; `before` is null at the first look. */
export interface OutcomeEvent extends Numbered, Look {
  readonly event: 'outcome'
  readonly before: Outcome | null
}

/** It is over: the last event. */
export interface EndedEvent extends Numbered, Look {
  readonly event: 'ended'
  readonly why: EndReason
}

/** Something that happened to a comparison that runs. */
export type ComparisonEvent = StartedEvent | LookEvent | OutcomeEvent | EndedEvent

/** The events of a comparison as JSON; the last one of all is `ended`. */
export interface ComparisonEvents {
  readonly events: readonly ComparisonEvent[]
}
