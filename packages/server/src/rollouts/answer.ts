import { amountText, isWhole, type RolloutAnswer, type RolloutHistory } from '@coalmine/comparator'
import {
  after,
  type Decision,
  eventBy,
  eventText,
  type GateLook,
  type NumberedEvent,
  phaseOf,
  type RolloutState,
} from '@coalmine/rollout'

/** A rollout as it is answered, without its links. */
export function answerOf(
  state: RolloutState,
  waits: Decision & { readonly kind: 'wait' },
  look: GateLook | null,
): Omit<RolloutAnswer, 'url' | 'comparisonUrl'> {
  const { id, service, stable, canary, plan, stage, end, back, startedBy } = state
  return {
    id,
    service,
    stable,
    canary,
    phase: phaseOf(state),
    isPaused: state.pausedMs !== null,
    stage,
    stages: plan.stages.map(({ bakeMs, gate, deadlineMs, otherwise, approve, ...amount }, at) => ({
      amount: amountText(amount),
      bakeMs,
      gate,
      deadlineMs,
      otherwise,
      approve,
      isWhole: isWhole(amount),
      state: at + 1 < stage || end === 'completed' ? 'done' : at + 1 === stage ? 'now' : 'next',
    })),
    stageSince: momentOf(state.sinceMs),
    waitsFor: waits.for,
    needsApproval: waits.isForApproval ?? false,
    outcome: look?.outcome ?? null,
    comparison: state.comparison ?? state.former,
    back: back && { why: back.why, reason: back.reason, by: back.by },
    startedAt: new Date(state.startedMs).toISOString(),
    startedBy,
    endedAt: momentOf(state.endedMs),
  }
}

/** What happened to a rollout, a line each. */
export function historyOf(id: string, events: readonly NumberedEvent[]): RolloutHistory {
  let state: RolloutState | undefined
  return {
    steps: events.map((one) => {
      state = after(state, id, one)
      return {
        number: one.number,
        at: new Date(one.atMs).toISOString(),
        text: eventText(one.event, state!),
        by: eventBy(one.event),
      }
    }),
  }
}

const momentOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
