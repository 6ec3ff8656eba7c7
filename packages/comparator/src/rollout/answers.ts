import type { Outcome } from '../verdict/outcome.ts'
import type { StageGate, StageOtherwise } from './plan.ts'

/**
 * Where a rollout is: `pending` before its first stage, `moving` while the canary is given more, `baking` at a stage, `holding` past a
 * deadline until somebody decides, `rolling-back`, `stuck` where it cannot go back, and then over.
 */
export type RolloutPhase =
  | 'pending'
  | 'moving'
  | 'baking'
  | 'holding'
  | 'rolling-back'
  | 'stuck'
  | 'completed'
  | 'rolled-back'
  | 'superseded'

/** Why a rollout goes back: its canary failed, somebody said so, its deadline passed, nothing moved it, or a newer build came. */
export type BackReason = 'fail' | 'abort' | 'deadline' | 'actuator' | 'superseded'

/** A stage as people see it. */
export interface RolloutStageAnswer {
  /** Such as `1 host`, `10%` or `new-pricing=10%`. */
  readonly amount: string
  readonly bakeMs: number
  readonly gate: StageGate
  readonly deadlineMs: number
  readonly otherwise: StageOtherwise
  readonly approve: boolean
  /** Whether nothing of stable is left then, so that nothing is judged. */
  readonly isWhole: boolean
  readonly state: 'done' | 'now' | 'next'
}

/** A rollout as the API tells of it. Moments are ISO 8601. */
export interface RolloutAnswer {
  readonly id: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly phase: RolloutPhase
  readonly isPaused: boolean
  /** The stage that the canary is at, counted from 1; 0 where it has nothing. */
  readonly stage: number
  readonly stages: readonly RolloutStageAnswer[]
  /** When it came to this stage; null where it is at none. */
  readonly stageSince: string | null
  /** What it does or waits for, in one line. */
  readonly waitsFor: string
  /** Whether only a person's approval is missing. */
  readonly needsApproval: boolean
  /** The outcome at this stage as it stands; null where there is none. */
  readonly outcome: Outcome | null
  /** The comparison of this stage; null where there is none. */
  readonly comparison: string | null
  readonly comparisonUrl: string | null
  /** Why it goes back, or went back; null where it did not. */
  readonly back: { readonly why: BackReason; readonly reason: string; readonly by: string | null } | null
  readonly startedAt: string
  /** The name of the token that started it; null where tokens have no names. */
  readonly startedBy: string | null
  readonly endedAt: string | null
  readonly url: string
}

/** The answer of `GET /api/rollouts`: the newest first. */
export interface RolloutList {
  readonly rollouts: readonly RolloutAnswer[]
}

/** Something that happened to a rollout. */
export interface RolloutStep {
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  /** What happened, in one line. */
  readonly text: string
  /** Who did it; null where it was the server, or tokens have no names. */
  readonly by: string | null
}

/** The answer of `GET /api/rollouts/ID/history`: the oldest first. */
export interface RolloutHistory {
  readonly steps: readonly RolloutStep[]
}

/** The body of `POST /api/rollouts`: which builds; how is what the server's own `coalmine.yaml` says. */
export interface RolloutBody {
  /** That of `coalmine.yaml` unless it is given. */
  readonly service?: string
  /** Which spans are stable, such as service.version=1.9.0. */
  readonly stable?: string
  readonly canary?: string
}

/** The body of what is said to a rollout. */
export interface RolloutCommandBody {
  /** Of an abort: also onto a stable that is failing itself. */
  readonly force?: boolean
}
