import type { Actuator } from '../actuators/actuator.ts'
import type { GateLook } from '../machine/decide.ts'
import type { NumberedEvent } from '../machine/event.ts'
import type { RolloutState } from '../machine/state.ts'

/** The stage that a comparison judges. */
export interface StageJudged {
  readonly state: RolloutState
  /** The start of the judged spans, in milliseconds since 1970. */
  readonly sinceMs: number
}

/** The comparisons of stages. */
export interface Gate {
  /** Starts a comparison and returns its id; asking again for the same look returns the same comparison. */
  readonly start: (stage: StageJudged) => Promise<string>
  /** The current result of a comparison; null if unknown. */
  readonly look: (comparison: string) => GateLook | null
  /** The share of stable's requests that succeed, from 0 to 1; null if unknown. */
  readonly health: (comparison: string) => Promise<number | null>
  /** Resolves when a comparison has news, or `stop` is aborted. */
  readonly changed: (comparison: string, stop: AbortSignal) => Promise<void>
  readonly stop: (comparison: string) => Promise<void>
}

/** Storage for the events of rollouts. */
export interface Journal {
  /** Resolves when the event is stored. */
  readonly keep: (rollout: string, event: NumberedEvent) => Promise<void>
}

/** What a controller needs from its surroundings. */
export interface Ports {
  readonly journal: Journal
  readonly actuator: Actuator
  readonly gate: Gate
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Called with each event and the state after it. */
  readonly told: (event: NumberedEvent, state: RolloutState) => void
  /** Called with trouble that no event records. */
  readonly warn: (message: string) => void
  /** Whether the previous rollout of the same service is over. */
  readonly mayStart: () => boolean
}
