import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '@coalmine/comparator'
import type { ComparisonRequest } from '../compare/request.ts'
import type { Context } from '../context.ts'
import type { Held } from './held.ts'
import { after, type RunEvent, type Told } from './state.ts'
import { happenedOf } from './tell-people.ts'

/** Publishes an event of a comparison: stores it, and sends it to followers. */
export type Publish = (one: Held, told: Told, verdict?: Verdict) => Promise<void>

const keptEveryMs = 60_000
// Older ones are read from the store.
const mostEventsHeld = 1_000
// A slower store does not delay those who wait for an event.
const patienceMs = 5_000

/**
 * Creates the publisher. One look a minute is stored; an event that changes the outcome or ends the comparison is stored first, unless
 * that takes five seconds, so that a client does not see a different end after a crash. `ended` is called with the verdict that
 * one ends with.
 */
export function newPublish(
  { store, now, warn, notify }: Pick<Context, 'store' | 'now' | 'warn' | 'notify'>,
  ended: (one: Held, verdict: Verdict) => void,
  requestOf: (one: Held) => ComparisonRequest,
): Publish {
  const keep = async (one: Held, { number, told }: RunEvent, atMs: number, verdict?: Verdict): Promise<boolean> => {
    const kept = { comparison: one.state.id, number, atMs, kind: told.kind, told: JSON.stringify(told) }
    try {
      return await store.comparisons.keep({
        ...kept,
        verdict: verdict && told.kind !== 'look' ? JSON.stringify(verdict) : '',
      })
    } catch (error) {
      warn(`comparison ${one.state.id}: an event could not be stored: ${(error as Error).message}`)
      return false
    }
  }

  return async (one, told, verdict) => {
    const atMs = now()
    const event: RunEvent = { number: one.number + 1, at: new Date(atMs).toISOString(), told }
    one.number = event.number
    let isKept = false
    if (told.kind !== 'look' || atMs - one.keptMs >= keptEveryMs) {
      one.keptMs = atMs
      // Notify people first: after a crash, events already stored are not announced again.
      const happened = happenedOf(after(one.state, event), told, verdict ?? one.verdict)
      const keeping = (
        happened ? notify.happened({ ...happened, request: requestOf(one), atMs }) : Promise.resolve()
      ).then(() => keep(one, event, atMs, verdict))
      if (told.kind !== 'look') isKept = await within(patienceMs, keeping)
    }
    one.state = after(one.state, event)
    if (verdict) one.verdict = verdict
    if (told.kind === 'ended' && one.verdict) ended(one, one.verdict)
    // The verdict of a finished comparison can be read from the store, and there may be many.
    if (told.kind === 'ended' && isKept) delete one.verdict
    one.events.push(event)
    if (one.events.length > mostEventsHeld) one.letGo = one.events.shift()!.number
    for (const listener of one.listeners) listener()
  }
}

async function within(ms: number, keeping: Promise<boolean>): Promise<boolean> {
  const over = new AbortController()
  const late = sleep(ms, false, { signal: over.signal, ref: false }).catch(() => false)
  const isKept = await Promise.race([keeping, late])
  over.abort()
  return isKept
}
