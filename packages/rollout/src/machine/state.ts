import { amountAt, amountText, type BackReason, type RolloutPhase, type RolloutPlan } from '@coalmine/comparator'
import type { NumberedEvent, RolloutEnd } from './event.ts'

/** The state of a rollout. Times are in milliseconds since 1970. */
export interface RolloutState {
  readonly id: string
  readonly service: string
  readonly stable: string
  readonly canary: string
  readonly plan: RolloutPlan
  /** Further parameters of its comparisons, such as the policy. */
  readonly compared: Readonly<Record<string, unknown>>
  readonly startedMs: number
  readonly startedBy: string | null
  /** The number of its last event. */
  readonly number: number
  /** The stage at which the canary was last known to be; 0 if it has no traffic. */
  readonly stage: number
  /** The stage last requested from the actuator. */
  readonly target: number
  /** Whether the result of that request is unknown. */
  readonly isUnsure: boolean
  /** How often the actuator has failed in a row, when it was last tried, and its error message. */
  readonly failures: number
  readonly triedMs: number
  readonly trouble: string | null
  /** When watching of this stage began, shifted by the time it was paused; null outside of stages. */
  readonly sinceMs: number | null
  /** The comparison of this stage, and the one from before an interruption. */
  readonly comparison: string | null
  readonly former: string | null
  readonly judgedMs: number
  /** The number of comparisons so far, which gives each a name of its own. */
  readonly judgings: number
  readonly pausedMs: number | null
  readonly isHeld: boolean
  readonly isApproved: boolean
  /** Whether a person told it to go on. */
  readonly isAdvanced: boolean
  readonly back: {
    readonly why: BackReason
    readonly reason: string
    readonly by: string | null
    readonly force: boolean
    readonly atMs: number
  } | null
  /** Why it cannot roll back; null if it can. */
  readonly stuck: string | null
  readonly end: RolloutEnd | null
  readonly endedMs: number | null
}

/**
 * Returns the state after an event; `before` is undefined for the first one, which has to be `started`.
 *
 * @example const state = events.reduce<RolloutState | undefined>((before, one) => after(before, id, one), undefined)
 */
export function after(
  before: RolloutState | undefined,
  id: string,
  { number, atMs, event }: NumberedEvent,
): RolloutState | undefined {
  if (event.kind === 'started') {
    const { service, stable, canary, plan, compared, by } = event
    return { ...fresh, id, service, stable, canary, plan, compared, startedMs: atMs, startedBy: by, number }
  }
  return before && { ...before, ...changes(before, event, atMs), number }
}

const atNoStage = { sinceMs: null, comparison: null, isHeld: false, isApproved: false, isAdvanced: false }

const fresh = {
  ...atNoStage,
  stage: 0,
  target: 0,
  isUnsure: false,
  failures: 0,
  triedMs: 0,
  trouble: null,
  former: null,
  judgedMs: 0,
  judgings: 0,
  pausedMs: null,
  back: null,
  stuck: null,
  end: null,
  endedMs: null,
}

function changes(state: RolloutState, event: NumberedEvent['event'], atMs: number): Partial<RolloutState> {
  switch (event.kind) {
    case 'started':
      return {}
    case 'intent':
      // Failures on the way to another stage do not count for this one.
      return { target: event.to, isUnsure: true, ...(event.to !== state.target && { failures: 0, trouble: null }) }
    case 'moved':
      return {
        ...atNoStage,
        stage: event.to,
        target: event.to,
        isUnsure: false,
        failures: 0,
        trouble: null,
        former: state.comparison ?? state.former,
        sinceMs: event.to === 0 ? null : atMs,
        // A person's decisions about this stage stand.
        ...(event.to === state.stage && { isHeld: state.isHeld, isApproved: state.isApproved }),
        // Time at the previous stage does not count for this one.
        pausedMs: state.pausedMs === null ? null : atMs,
        ...(event.to === 0 && { stuck: null }),
      }
    case 'not-moved':
      return { failures: state.failures + 1, triedMs: atMs, trouble: event.message }
    case 'judging':
      return { comparison: event.comparison, judgings: state.judgings + 1, judgedMs: atMs }
    case 'back': {
      const { kind: _, ...back } = event
      return { back: { ...back, atMs: state.back?.atMs ?? atMs }, pausedMs: null, isHeld: false }
    }
    case 'paused':
      return { pausedMs: atMs }
    case 'resumed':
      return resumed(state, atMs)
    case 'approved':
      return { isApproved: true }
    case 'advanced':
      return { isAdvanced: true, isHeld: false }
    case 'held':
      return { isHeld: true }
    case 'stuck':
      return { stuck: event.reason }
    case 'restarted':
      return restarted(state, atMs)
    case 'ended':
      return { end: event.how, endedMs: atMs }
  }
}

function resumed({ sinceMs, pausedMs, isHeld }: RolloutState, atMs: number): Partial<RolloutState> {
  // Resuming after a deadline starts the stage's time again.
  if (isHeld) return { isHeld: false, pausedMs: null, sinceMs: atMs }
  return { pausedMs: null, sinceMs: sinceMs === null || pausedMs === null ? sinceMs : sinceMs + (atMs - pausedMs) }
}

/** After a time without supervision: the last request is repeated, and the stage is judged from now on. */
function restarted(state: RolloutState, atMs: number): Partial<RolloutState> {
  if (state.end !== null) return {}
  const { stage, target, sinceMs, pausedMs, comparison, former } = state
  return {
    isUnsure: state.isUnsure || stage > 0 || target > 0,
    comparison: null,
    former: comparison ?? former,
    isAdvanced: false,
    failures: 0,
    sinceMs: sinceMs === null ? null : atMs,
    pausedMs: pausedMs === null ? null : atMs,
  }
}

/** The phase of a rollout. */
export function phaseOf({ end, back, stuck, stage, target, isUnsure, isHeld }: RolloutState): RolloutPhase {
  if (end !== null) return end
  if (back) return stuck === null ? 'rolling-back' : 'stuck'
  if (isUnsure || target !== stage) return 'moving'
  if (stage === 0) return 'pending'
  return isHeld ? 'holding' : 'baking'
}

/**
 * Names a stage for use in a sentence.
 *
 * @example stageText(state, 2) // 'stage 2 of 4 (10%)'
 */
export function stageText({ plan }: RolloutState, stage: number): string {
  const amount = amountText(amountAt(plan, stage))
  return stage === 0 ? amount : `stage ${stage} of ${plan.stages.length} (${amount})`
}
