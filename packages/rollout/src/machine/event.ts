import type { BackReason, RolloutPlan } from '@coalmine/comparator'

/** How a rollout ended. */
export type RolloutEnd = 'completed' | 'rolled-back' | 'superseded'

/** Something that happened to a rollout: its events fold into its state. `by` is a person's name, if known. */
export type RolloutEvent =
  | {
      readonly kind: 'started'
      readonly service: string
      readonly stable: string
      readonly canary: string
      readonly plan: RolloutPlan
      /** Further parameters of its comparisons, such as the policy. */
      readonly compared: Readonly<Record<string, unknown>>
      readonly by: string | null
    }
  /** The actuator is about to be called; `again` if the canary should have been there already. */
  | { readonly kind: 'intent'; readonly to: number; readonly why: 'next' | 'again' | 'back'; readonly reason: string }
  | { readonly kind: 'moved'; readonly to: number; readonly said: string }
  | { readonly kind: 'not-moved'; readonly to: number; readonly message: string }
  /** A comparison of this stage has started. */
  | { readonly kind: 'judging'; readonly comparison: string }
  /** From now on the rollout rolls back, whatever happens. */
  | {
      readonly kind: 'back'
      readonly why: BackReason
      readonly reason: string
      readonly by: string | null
      /** Roll back even to a stable that is failing itself. */
      readonly force: boolean
    }
  | { readonly kind: 'paused'; readonly by: string | null }
  | { readonly kind: 'resumed'; readonly by: string | null }
  | { readonly kind: 'approved'; readonly by: string | null }
  | { readonly kind: 'advanced'; readonly by: string | null }
  | { readonly kind: 'held'; readonly reason: string }
  | { readonly kind: 'stuck'; readonly reason: string }
  /** The process that runs the rollout was gone for a while. */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'ended'; readonly how: RolloutEnd; readonly reason: string }

/** An event with its position in the rollout's history. */
export interface NumberedEvent {
  /** Counts from 1. */
  readonly number: number
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly event: RolloutEvent
}
