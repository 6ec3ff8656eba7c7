import type { Outcome } from '../verdict/outcome.ts'
import type { Progress } from '../verdict/progress.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { RunLimits } from './run-limits.ts'

/** Why a comparison is over. */
export type EndReason = 'settled' | 'time' | 'idle' | 'stopped' | 'refused'

/** A comparison that runs, or did, as the API tells of it. Moments are ISO 8601. */
export interface ComparisonState {
  readonly id: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly labels: Readonly<Record<string, string>>
  readonly limits: RunLimits
  readonly state: 'running' | 'ended'
  readonly startedAt: string
  /** The name of the token that started it; null where the server knows tokens without names, or none. */
  readonly startedBy: string | null
  readonly endedAt: string | null
  /** The name of the token that stopped it; null where nobody did. */
  readonly stoppedBy: string | null
  readonly why: EndReason | null
  /** What its last look said; null before the first one. */
  readonly outcome: Outcome | null
  readonly judgedAt: string | null
  /** The first reason of the last look, or what keeps it from looking. */
  readonly reason: string | null
  /** How far it has come; null before there is something to judge. */
  readonly progress: Progress | null
}

/** What one look said, without the verdict. */
export type Look = Pick<ComparisonState, 'outcome' | 'reason' | 'progress'>

/** A comparison as it is answered: its state, and where its page is. */
export interface ComparisonAnswer extends ComparisonState {
  readonly url: string
}

/** The answer of `GET /api/comparisons/ID`: its last verdict too, null before there is one. */
export interface JudgedComparison extends ComparisonAnswer {
  readonly verdict: Verdict | null
}

/** The answer of `GET /api/comparisons`: the newest first. */
export interface ComparisonList {
  readonly comparisons: readonly ComparisonAnswer[]
}
