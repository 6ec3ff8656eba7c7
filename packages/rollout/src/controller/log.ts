import type { NumberedEvent, RolloutEvent } from '../machine/event.ts'
import { after, type RolloutState } from '../machine/state.ts'
import type { Ports } from './ports.ts'
import { within } from './within.ts'

/** The events of one rollout, and the state that results from them. */
export interface Log {
  readonly state: () => RolloutState
  /**
   * Adds the event that `make` derives from the state, one call at a time. An event is stored before the state reflects it, except
   * during a rollback, which does not wait long for a store.
   */
  readonly add: <T extends { readonly event?: RolloutEvent }>(make: (state: RolloutState) => T) => Promise<T>
}

// A store that is slow or unreachable must not hold up a rollback.
const patienceMs = 250
const againMs = 2_000

/** A log that continues after a rollout's earlier events. */
export function newLog(
  begun: RolloutState,
  { journal, now, told, warn }: Pick<Ports, 'journal' | 'now' | 'told' | 'warn'>,
): Log {
  let state = begun
  let turn: Promise<unknown> = Promise.resolve()
  const unkept: NumberedEvent[] = []
  let keeping: Promise<void> | undefined

  /** Stores the pending events, in order. */
  const keepAll = async (): Promise<void> => {
    while (unkept.length > 0) {
      await journal.keep(state.id, unkept[0]!)
      unkept.shift()
    }
  }
  const keptOnce = (): Promise<void> => {
    keeping ??= keepAll().finally(() => {
      keeping = undefined
    })
    return keeping
  }

  const keepLater = (error: Error): void => {
    warn(`rollout ${state.id}: its history cannot be saved yet: ${error.message}`)
    setTimeout(() => void keptOnce().catch(keepLater), againMs).unref()
  }

  const taken = (event: NumberedEvent, next: RolloutState): void => {
    state = next
    told(event, next)
  }

  const append = async (event: RolloutEvent): Promise<void> => {
    const numbered: NumberedEvent = { number: state.number + 1, atMs: now(), event }
    const next = after(state, state.id, numbered)!
    // A restart is a fact, whether or not it can be stored now.
    if (next.back || event.kind === 'restarted') {
      unkept.push(numbered)
      taken(numbered, next)
      const keeping = keptOnce().catch(keepLater)
      // The reason for a rollback is stored together with the intent that follows at once.
      if (event.kind !== 'back') await within(patienceMs, keeping)
      return
    }
    await keptOnce()
    await journal.keep(state.id, numbered)
    taken(numbered, next)
  }

  return {
    state: () => state,
    add: (make) => {
      const added = turn.then(async () => {
        const made = make(state)
        if (made.event) await append(made.event)
        return made
      })
      turn = added.catch(() => {})
      return added
    },
  }
}
