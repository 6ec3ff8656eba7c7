import type { Actuator } from '../actuators/actuator.ts'
import type { GateLook } from '../machine/decide.ts'
import type { NumberedEvent } from '../machine/event.ts'
import type { RolloutState } from '../machine/state.ts'

/** Which stage a comparison is of. */
export interface StageJudged {
  readonly state: RolloutState
  /** Since when its spans are judged, in milliseconds since 1970. */
  readonly sinceMs: number
}

/** The comparisons of stages. */
export interface Gate {
  /** Starts one, and gives its id; the same comparison where it is asked again for the same look. */
  readonly start: (stage: StageJudged) => Promise<string>
  /** What one says; null where nobody can say. */
  readonly look: (comparison: string) => GateLook | null
  /** The share of stable's requests that succeed, from 0 to 1; null where it is not known. */
  readonly health: (comparison: string) => Promise<number | null>
  /** Settled once one says something new, or it is stopped. */
  readonly changed: (comparison: string, stop: AbortSignal) => Promise<void>
  readonly stop: (comparison: string) => Promise<void>
}

/** Where the events of rollouts are kept. */
export interface Journal {
  /** Settled once it is kept. */
  readonly keep: (rollout: string, event: NumberedEvent) => Promise<void>
}

/** With what a rollout is run. */
export interface Ports {
  readonly journal: Journal
  readonly actuator: Actuator
  readonly gate: Gate
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of each event, with the state after it. */
  readonly told: (event: NumberedEvent, state: RolloutState) => void
  /** Told of trouble that is in no event. */
  readonly warn: (message: string) => void
  /** Whether the rollout of the same service before it is over. */
  readonly mayStart: () => boolean
}
