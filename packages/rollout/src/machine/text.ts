import type { RolloutEvent } from './event.ts'
import { type RolloutState, stageText } from './state.ts'

/** What happened, in one line, as a history shows it. `state` is that after the event. */
export function eventText(event: RolloutEvent, state: RolloutState): string {
  switch (event.kind) {
    case 'started':
      return `started: ${event.canary} beside ${event.stable} of ${event.service}`
    case 'intent':
      // Why it goes back was told before.
      return event.why === 'back'
        ? `rolls back to ${stageText(state, event.to)}`
        : `${event.why === 'next' ? 'goes on' : 'tries again to get'} to ${stageText(state, event.to)}: ${event.reason}`
    case 'moved':
      // What was read back is told where it says more.
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

/** Who did it; null where it was nobody by name. */
export function eventBy(event: RolloutEvent): string | null {
  return 'by' in event ? event.by : null
}
