import type { Outcome } from '../verdict/outcome.ts'
import type { StageGate, StageOtherwise } from './plan.ts'

/**
 * The phase of a rollout: `pending` before its first stage, `moving` while the canary gets more, `baking` at a stage, `holding` past a
 * deadline until someone decides, `rolling-back`, `stuck` if it cannot go back; the rest are final.
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

/** Why a rollout goes back: its canary failed, someone aborted it, its deadline passed, the actuator failed, or a newer build came. */
export type BackReason = 'fail' | 'abort' | 'deadline' | 'actuator' | 'superseded'

/** A stage in the form of the API. */
export interface RolloutStageAnswer {
  /** Such as `1 host`, `10%` or `new-pricing=10%`. */
  readonly amount: string
  readonly bakeMs: number
  readonly gate: StageGate
  readonly deadlineMs: number
  readonly otherwise: StageOtherwise
  readonly approve: boolean
  /** Whether no stable is left at this stage, so that nothing can be judged. */
  readonly isWhole: boolean
  readonly state: 'done' | 'now' | 'next'
}

/** A rollout in the form of the API. Times are ISO 8601. */
export interface RolloutAnswer {
  readonly id: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly phase: RolloutPhase
  readonly isPaused: boolean
  /** The stage that the canary is at, counted from 1; 0 if it has no traffic. */
  readonly stage: number
  readonly stages: readonly RolloutStageAnswer[]
  /** When it reached this stage; null if it is at none. */
  readonly stageSince: string | null
  /** What it does or waits for, in one line. */
  readonly waitsFor: string
  /** Whether only a person's approval is missing. */
  readonly needsApproval: boolean
  /** The current outcome at this stage; null if there is none. */
  readonly outcome: Outcome | null
  /** The comparison of this stage; null if there is none. */
  readonly comparison: string | null
  readonly comparisonUrl: string | null
  /** Why it goes or went back; null if it does not. */
  readonly back: { readonly why: BackReason; readonly reason: string; readonly by: string | null } | null
  readonly startedAt: string
  /** The name of the token that started it; null if tokens have no names. */
  readonly startedBy: string | null
  readonly endedAt: string | null
  readonly url: string
}

/** The answer of `GET /api/rollouts`, newest first. */
export interface RolloutList {
  readonly rollouts: readonly RolloutAnswer[]
}

/** An event of a rollout. */
export interface RolloutStep {
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  /** What happened, in one line. */
  readonly text: string
  /** Who did it; null if it was the server, or if tokens have no names. */
  readonly by: string | null
}

/** The answer of `GET /api/rollouts/ID/history`, oldest first. */
export interface RolloutHistory {
  readonly steps: readonly RolloutStep[]
}

/** The body of `POST /api/rollouts`: the builds. The plan is that of the server's `coalmine.yaml`. */
export interface RolloutBody {
  /** Default: the service of `coalmine.yaml`. */
  readonly service?: string
  /** Selector of stable, such as service.version=1.9.0. */
  readonly stable?: string
  readonly canary?: string
}

/** The body of a command to a rollout. */
export interface RolloutCommandBody {
  /** For an abort: roll back even if stable is failing itself. */
  readonly force?: boolean
}
