import type { RolloutEvent } from './event.ts'
import { phaseOf, type RolloutState } from './state.ts'

/** What a person may say to a rollout. */
export type RolloutCommand = 'pause' | 'resume' | 'advance' | 'approve' | 'abort'

/** All of them. */
export const rolloutCommands: readonly RolloutCommand[] = ['pause', 'resume', 'advance', 'approve', 'abort']

/** What becomes of a command: an event, nothing as it is so already, or why not. */
export type Commanded =
  | { readonly kind: 'event'; readonly event: RolloutEvent }
  | { readonly kind: 'so-already' }
  | { readonly kind: 'refused'; readonly why: string }

/** Who says it; `force` is of an abort: also onto a stable that is failing itself. */
export interface Said {
  readonly by: string | null
  readonly force?: boolean
}

const refused = (why: string): Commanded => ({ kind: 'refused', why })
const soAlready: Commanded = { kind: 'so-already' }
const told = (event: RolloutEvent): Commanded => ({ kind: 'event', event })

/** What becomes of a command in a state. An abort is taken in every state that is not the end. */
export function commanded(state: RolloutState, command: RolloutCommand, { by, force = false }: Said): Commanded {
  if (state.end !== null) return refused(`it is over: ${state.end}`)
  if (command === 'abort') {
    if (state.back && (state.back.force || !force)) return soAlready
    return told({ kind: 'back', why: state.back?.why ?? 'abort', reason: state.back?.reason ?? saidSo(by), by, force })
  }
  if (state.back) return refused(`it is rolling back: ${state.back.reason}`)
  const phase = phaseOf(state)
  switch (command) {
    case 'pause':
      return state.pausedMs === null ? told({ kind: 'paused', by }) : soAlready
    case 'resume':
      return state.pausedMs === null && !state.isHeld ? refused('it is not paused') : told({ kind: 'resumed', by })
    case 'advance':
      if (state.pausedMs !== null) return refused('it is paused: resume it first')
      if (phase === 'moving') return refused('it is already moving to the next stage')
      return state.isAdvanced ? soAlready : told({ kind: 'advanced', by })
    case 'approve': {
      const stage = state.plan.stages[state.stage - 1]
      if (!stage?.approve || phase === 'moving') return refused('its stage needs no approval')
      return state.isApproved ? soAlready : told({ kind: 'approved', by })
    }
  }
}

const saidSo = (by: string | null): string => (by === null ? 'somebody said so' : `${by} said so`)
