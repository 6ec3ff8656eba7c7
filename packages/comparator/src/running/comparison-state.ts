import type { Outcome } from '../verdict/outcome.ts'
import type { Progress } from '../verdict/progress.ts'
import type { Verdict } from '../verdict/verdict.ts'
import type { RunLimits } from './run-limits.ts'

/** Why a comparison ended. */
export type EndReason = 'settled' | 'time' | 'idle' | 'stopped' | 'refused'

/** A running or ended comparison, in the form of the API. Times are ISO 8601. */
export interface ComparisonState {
  readonly id: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly labels: Readonly<Record<string, string>>
  readonly limits: RunLimits
  readonly state: 'running' | 'ended'
  readonly startedAt: string
  /** The name of the token that started it; null if the server's tokens have no names, or it has none. */
  readonly startedBy: string | null
  readonly endedAt: string | null
  /** The name of the token that stopped it; null if nobody did. */
  readonly stoppedBy: string | null
  readonly why: EndReason | null
  /** The outcome of its last look; null before the first look. */
  readonly outcome: Outcome | null
  readonly judgedAt: string | null
  /** The first reason of the last look, or what prevents a look. */
  readonly reason: string | null
  /** Its progress; null until there is something to judge. */
  readonly progress: Progress | null
}

/** The result of one look, without the verdict. */
export type Look = Pick<ComparisonState, 'outcome' | 'reason' | 'progress'>

/** The answer about a comparison: its state, and the address of its page. */
export interface ComparisonAnswer extends ComparisonState {
  readonly url: string
}

/** The answer of `GET /api/comparisons/ID`, with its last verdict; null before there is one. */
export interface JudgedComparison extends ComparisonAnswer {
  readonly verdict: Verdict | null
}

/** The answer of `GET /api/comparisons`, newest first. */
export interface ComparisonList {
  readonly comparisons: readonly ComparisonAnswer[]
}
