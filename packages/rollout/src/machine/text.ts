import type { RolloutEvent } from './event.ts'
import { type RolloutState, stageText } from './state.ts'

/** Describes an event in one line for a history. `state` is the state after the event. */
export function eventText(event: RolloutEvent, state: RolloutState): string {
  switch (event.kind) {
    case 'started':
      return `started: ${event.canary} beside ${event.stable} of ${event.service}`
    case 'intent':
      // The reason for the rollback is in an earlier event.
      return event.why === 'back'
        ? `rolls back to ${stageText(state, event.to)}`
        : `${event.why === 'next' ? 'goes on' : 'tries again to get'} to ${stageText(state, event.to)}: ${event.reason}`
    case 'moved':
      // Show what was read back only if it adds something.
      return `is at ${stageText(state, event.to)}${stageText(state, event.to).includes(event.said) ? '' : `: ${event.said}`}`
    case 'not-moved':
      return `did not get to ${stageText(state, event.to)}: ${event.message}`
    case 'judging':
      return `is judged by comparison ${event.comparison}`
    case 'back':
      return `is told to roll back${event.force ? ', even to a failing stable' : ''}: ${event.reason}`
    case 'held':
      return `waits for somebody to decide: ${event.reason}`
    case 'stuck':
      return `is stuck: ${event.reason}`
    case 'restarted':
      return 'was not watched for a while: its stage starts anew'
    case 'ended':
      return event.how === 'completed' ? `is completed: ${event.reason}` : `is ${event.how}`.replace('-', ' ')
    default:
      return event.kind
  }
}

/** The name of the person behind an event; null if there is none. */
export function eventBy(event: RolloutEvent): string | null {
  return 'by' in event ? event.by : null
}
