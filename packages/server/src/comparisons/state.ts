import { type Outcome, type Progress, progressOf, type Verdict } from '@coalmine/comparator'
import type { RunLimits } from './start-request.ts'

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
  readonly endedAt: string | null
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

/** What happened to a comparison: its events fold into its state. */
export type Told =
  | { readonly kind: 'started'; readonly state: ComparisonState; readonly asked: unknown; readonly key: string }
  | { readonly kind: 'look'; readonly look: Look }
  | { readonly kind: 'outcome'; readonly look: Look; readonly before: Outcome | null }
  | { readonly kind: 'ended'; readonly look: Look; readonly why: EndReason }

/** An event as it is sent: what happened, when, and its number among the comparison's events. */
export interface RunEvent {
  readonly number: number
  readonly at: string
  readonly told: Told
}

/** The state after an event. */
export function after(state: ComparisonState, { at, told }: RunEvent): ComparisonState {
  switch (told.kind) {
    case 'started':
      return told.state
    case 'look':
    case 'outcome':
      return { ...state, ...told.look, judgedAt: at }
    case 'ended':
      return { ...state, ...told.look, state: 'ended', endedAt: at, why: told.why }
  }
}

/** What a gate is told: the outcome where it is settled, `running` until then. */
export function settledOutcome({ state, outcome }: ComparisonState): Outcome | 'running' {
  if (outcome === 'fail') return 'fail'
  return state === 'ended' ? (outcome ?? 'inconclusive') : 'running'
}

/** What is told of a look. */
export function lookOf(verdict: Verdict): Look {
  return {
    outcome: verdict.verdict,
    reason: verdict.reasons[0]?.message ?? null,
    progress: verdict.verdict === 'invalid' ? null : progressOf(verdict),
  }
}
