import type { RolloutEvent } from './event.ts'
import { phaseOf, type RolloutState } from './state.ts'

/** A command that a person can give a rollout. */
export type RolloutCommand = 'pause' | 'resume' | 'advance' | 'approve' | 'abort'

/** All commands. */
export const rolloutCommands: readonly RolloutCommand[] = ['pause', 'resume', 'advance', 'approve', 'abort']

/** The result of a command: an event, nothing because it is so already, or a refusal with its reason. */
export type Commanded =
  | { readonly kind: 'event'; readonly event: RolloutEvent }
  | { readonly kind: 'so-already' }
  | { readonly kind: 'refused'; readonly why: string }

/** Who gives a command; `force` makes an abort roll back even to a stable that is failing itself. */
export interface Said {
  readonly by: string | null
  readonly force?: boolean
}

const refused = (why: string): Commanded => ({ kind: 'refused', why })
const soAlready: Commanded = { kind: 'so-already' }
const told = (event: RolloutEvent): Commanded => ({ kind: 'event', event })

/** The result of a command in a given state. An abort is accepted in every state before the end. */
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
