import type { Verdict } from '@coalmine/comparator'
import type { Looks } from './looks.ts'
import type { ComparisonState, Look, RunEvent } from './state.ts'

/** One comparison, as it is held in memory. */
export interface Held {
  state: ComparisonState
  readonly key: string
  /** What it was asked to compare. */
  readonly asked: unknown
  readonly stop: AbortController
  /** The last one of the whole window; not held of one that is over and whose verdict is in the store. */
  verdict?: Verdict
  /** The number of its last event. */
  number: number
  /** When an event of it was kept last, in milliseconds since 1970. */
  keptMs: number
  /** Its newest events. */
  readonly events: RunEvent[]
  /** The number of the last event before those: up to this one, events are in the store alone. */
  letGo: number
  readonly listeners: Set<() => void>
  /** While it runs. */
  looks?: Looks
  done: Promise<void>
}

/** One that nothing has happened to here. `number` is that of its last event, `letGo` that of the last one in the store. */
export function newHeld({
  state,
  key,
  asked,
  number,
  letGo,
}: Pick<Held, 'state' | 'key' | 'asked' | 'number' | 'letGo'>): Held {
  return {
    state,
    key,
    asked,
    number,
    stop: new AbortController(),
    keptMs: 0,
    events: [],
    letGo,
    listeners: new Set(),
    done: Promise.resolve(),
  }
}

/** Whether it is not over. */
export function isRunning({ state }: Held): boolean {
  return state.state === 'running'
}

/** What its last look said. */
export function lastLook({ outcome, reason, progress }: ComparisonState): Look {
  return { outcome, reason, progress }
}

/** Settled once something has happened to it, or it is stopped. */
export async function changed({ listeners }: Held, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      listeners.delete(wake)
      stop.removeEventListener('abort', wake)
      resolve()
    }
    listeners.add(wake)
    stop.addEventListener('abort', wake)
  })
}
