import {
  type ComparisonState,
  type EndReason,
  type Look,
  type Outcome,
  progressOf,
  type Verdict,
} from '@coalmine/comparator'

export type { ComparisonState, EndReason, Look } from '@coalmine/comparator'

/** What happened to a comparison: its events fold into its state. */
export type Told =
  | { readonly kind: 'started'; readonly state: ComparisonState; readonly asked: unknown; readonly key: string }
  | { readonly kind: 'look'; readonly look: Look }
  | { readonly kind: 'outcome'; readonly look: Look; readonly before: Outcome | null }
  | { readonly kind: 'ended'; readonly look: Look; readonly why: EndReason; readonly by?: string }

/** An event: what happened, when, and its number among the comparison's events. */
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
      return { ...state, ...told.look, state: 'ended', endedAt: at, why: told.why, stoppedBy: told.by ?? null }
  }
}

/** The outcome for a gate; `running` until it is settled. */
export function settledOutcome({ state, outcome }: ComparisonState): Outcome | 'running' {
  if (outcome === 'fail') return 'fail'
  return state === 'ended' ? (outcome ?? 'inconclusive') : 'running'
}

/** The look of a verdict. */
export function lookOf(verdict: Verdict): Look {
  return {
    outcome: verdict.verdict,
    reason: verdict.reasons[0]?.message ?? null,
    progress: verdict.verdict === 'invalid' ? null : progressOf(verdict),
  }
}
