import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '@coalmine/comparator'
import { judgedNow } from '../compare/compare.ts'
import type { ComparisonRequest } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { answerable, ServerError } from '../errors.ts'
import { newTurns } from '../turns.ts'
import { run } from './run.ts'
import { parseStart, type StartRequest } from './start-request.ts'
import { after, type ComparisonState, type EndReason, type Look, lookOf, type RunEvent, type Told } from './state.ts'

/** The comparisons that a server runs, and has run. */
export interface Comparisons {
  /** Starts one, or joins the one of the same key that runs; `joined` says which it was. `by` is the name of whoever asks. */
  readonly start: (
    body: unknown,
    by?: string | null,
  ) => Promise<{ readonly state: ComparisonState; readonly joined: boolean }>
  /** All of them, the newest first. */
  readonly list: () => readonly ComparisonState[]
  /** One of them. Throws a ServerError of kind `no-data` where there is none of that id. */
  readonly get: (id: string) => ComparisonState
  /** Its last verdict; undefined before the first look. */
  readonly verdict: (id: string) => Promise<Verdict | undefined>
  /** What it was asked to compare. Throws a ServerError where this release does not take it any more. */
  readonly request: (id: string) => ComparisonRequest
  /** Ends it, unless it is over. */
  readonly stop: (id: string, by?: string | null) => Promise<ComparisonState>
  /** Its events after a number that are kept, and then each as it happens, until it is over or nobody listens any more. */
  readonly follow: (id: string, afterNumber: number, stop: AbortSignal) => AsyncGenerator<RunEvent>
  /** Settled once something has happened to it, or it is stopped. */
  readonly changed: (id: string, stop: AbortSignal) => Promise<void>
  /** Knows again those of before the server ended, and gives what goes on with those that ran. */
  readonly resume: () => Promise<() => Promise<void>>
  /** Aborted once the server is to end. */
  readonly closing: AbortSignal
  /** Lets go of all of them; those that run go on when a server has the store again. */
  readonly close: () => void
}

/** One of them, as it is held in memory. */
interface Held {
  state: ComparisonState
  readonly key: string
  /** What it was asked to compare. */
  readonly asked: unknown
  readonly stop: AbortController
  verdict?: Verdict
  number: number
  keptMs: number
  /** Events since the server has had it. */
  readonly events: RunEvent[]
  readonly listeners: Set<() => void>
  done: Promise<void>
}

const keptEveryMs = 60_000
const toldOfDays = 90
// Older ones are read from the store.
const mostEventsHeld = 1_000
// Events that were sent and not kept before a crash had numbers, too, and are not to be used again.
const numbersBetweenKept = 1_000

/** The comparisons of a server. Looks are taken one at a time, so that those who ask and those who send spans do not wait for them. */
export function newComparisons(
  context: Context,
  everyMs: number,
  ended: (id: string, verdict: Verdict, request: ComparisonRequest) => void = () => {},
): Comparisons {
  const { store, now, limits, warn } = context
  const held = new Map<string, Held>()
  const lane = newTurns(1)
  const closing = new AbortController()

  const hold = (state: ComparisonState, key: string, asked: unknown, number: number): Held => {
    const one: Held = {
      state,
      key,
      asked,
      number,
      stop: new AbortController(),
      keptMs: 0,
      events: [],
      listeners: new Set(),
      done: Promise.resolve(),
    }
    held.set(state.id, one)
    return one
  }

  // What is sent is in the store before: a client that has seen how it ended is not told otherwise after a crash.
  const publish = async (one: Held, told: Told, verdict?: Verdict): Promise<void> => {
    const atMs = now()
    const event: RunEvent = { number: one.number + 1, at: new Date(atMs).toISOString(), told }
    one.number = event.number
    let isKept = false
    if (told.kind !== 'look' || atMs - one.keptMs >= keptEveryMs) {
      one.keptMs = atMs
      const kept = { comparison: one.state.id, number: event.number, atMs, kind: told.kind, told: JSON.stringify(told) }
      isKept = await store.comparisons
        .keep({ ...kept, verdict: verdict && told.kind !== 'look' ? JSON.stringify(verdict) : '' })
        .catch((error: Error) => {
          warn(`comparison ${one.state.id}: an event was not kept: ${error.message}`)
          return false
        })
    }
    one.state = after(one.state, event)
    if (verdict) one.verdict = verdict
    if (told.kind === 'ended' && one.verdict) ended(one.state.id, one.verdict, requestOf(one))
    // Of one that is over it can be read, and there may be many.
    if (told.kind === 'ended' && isKept) delete one.verdict
    one.events.push(event)
    if (one.events.length > mostEventsHeld) one.events.shift()
    for (const listener of one.listeners) listener()
  }

  const lookNow = ({ outcome, reason, progress }: ComparisonState): Look => ({ outcome, reason, progress })

  const begin = (one: Held, { request, limits }: Pick<StartRequest, 'request' | 'limits'>): void => {
    const end = (why: EndReason, message?: string): Promise<void> => {
      const look = lookNow(one.state)
      return publish(
        one,
        { kind: 'ended', look: message === undefined ? look : { ...look, reason: message }, why },
        one.verdict,
      )
    }
    one.done = run(
      {
        limits,
        startedMs: Date.parse(one.state.startedAt),
        outcome: one.state.outcome,
        now,
        look: () =>
          lane.take(
            () => one.stop.signal.aborted,
            () => judgedNow(request, context),
          ),
        pause: (stop) => sleep(everyMs, undefined, { signal: stop }).catch(() => undefined),
        looked: (verdict, before) => {
          const look = lookOf(verdict)
          const told: Told = before === verdict.verdict ? { kind: 'look', look } : { kind: 'outcome', look, before }
          return publish(one, told, verdict)
        },
        troubled: (message) => {
          one.state = { ...one.state, reason: message }
        },
        ended: end,
      },
      one.stop.signal,
    ).catch((error: Error) => warn(`comparison ${one.state.id} is not judged any more: ${error.message}`))
  }

  const goOn = async (one: Held, asked: unknown): Promise<void> => {
    try {
      begin(one, parseStart({ ...Object(asked), ...one.state.limits }))
    } catch (error) {
      // An earlier release took it, and this one does not.
      const { message } = answerable(error)
      await publish(one, { kind: 'ended', look: { ...lookNow(one.state), reason: message }, why: 'refused' })
    }
  }

  const get = (id: string): Held => {
    const one = held.get(id)
    if (one) return one
    throw new ServerError('no-data', `comparisons/${id}: there is no such comparison; GET /api/comparisons lists them`)
  }

  const isRunning = ({ state }: Held): boolean => state.state === 'running'

  return {
    start: async (body, by = null) => {
      const start = parseStart(body)
      const running = [...held.values()].filter(isRunning)
      const same = running.find(({ key }) => key === start.key)
      if (same) return { state: same.state, joined: true }
      if (running.length >= limits.comparisons)
        throw new ServerError(
          'unavailable',
          `${running.length === 1 ? '1 comparison runs' : `${running.length} comparisons run`} already, as many as may: stop one (POST /api/comparisons/ID/stop), or wait until one is over`,
          { status: 429 },
        )
      const state = newState(start, now(), by)
      const one = hold(state, start.key, start.asked, 0)
      await publish(one, { kind: 'started', state, asked: start.asked, key: start.key })
      begin(one, start)
      return { state: one.state, joined: false }
    },
    list: () => [...held.values()].map(({ state }) => state).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)),
    get: (id) => get(id).state,
    verdict: async (id) => {
      const one = get(id)
      if (one.verdict) return one.verdict
      const kept = await store.comparisons.verdict(id)
      return kept === undefined ? undefined : (JSON.parse(kept) as Verdict)
    },
    request: (id) => requestOf(get(id)),
    stop: async (id, by = null) => {
      const one = get(id)
      if (isRunning(one)) {
        one.stop.abort()
        await one.done
        if (isRunning(one)) {
          const told: Told = { kind: 'ended', look: lookNow(one.state), why: 'stopped', ...(by !== null && { by }) }
          await publish(one, told, one.verdict)
        }
      }
      return one.state
    },
    follow: async function* (id, afterNumber, stop) {
      const one = get(id)
      let last = afterNumber
      // What happened before the server was started again is in the store alone.
      const first = one.events[0]?.number ?? Number.POSITIVE_INFINITY
      if (last + 1 < first) {
        for (const { number, atMs, told } of await store.comparisons.of(id, last)) {
          if (number >= first) break
          yield { number, at: new Date(atMs).toISOString(), told: JSON.parse(told) as Told }
          last = number
        }
      }
      for (;;) {
        const next = one.events.filter(({ number }) => number > last)
        for (const event of next) yield event
        last = next.at(-1)?.number ?? last
        if (next.length > 0) continue
        if (stop.aborted || !isRunning(one) || closing.signal.aborted) return
        await changed(one, stop)
      }
    },
    changed: (id, stop) => changed(get(id), stop),
    resume: async () => {
      const ran: (() => Promise<void>)[] = []
      for (const { started, last } of await store.comparisons.known(now() - toldOfDays * 86_400_000)) {
        const first = JSON.parse(started.told) as Told
        if (first.kind !== 'started') continue
        const event: RunEvent = {
          number: last.number,
          at: new Date(last.atMs).toISOString(),
          told: JSON.parse(last.told) as Told,
        }
        const state = { ...neverNamed, ...after(first.state, event) }
        const one = hold(
          state,
          first.key,
          first.asked,
          last.number + (state.state === 'running' ? numbersBetweenKept : 0),
        )
        if (state.state === 'running') ran.push(() => goOn(one, first.asked))
      }
      return async () => {
        for (const goOnWithIt of ran) await goOnWithIt()
      }
    },
    closing: closing.signal,
    close: () => {
      closing.abort()
      for (const one of held.values()) one.stop.abort()
      for (const one of held.values()) for (const listener of one.listeners) listener()
    },
  }
}

function requestOf({ asked, state }: Held): ComparisonRequest {
  return parseStart({ ...Object(asked), ...state.limits }).request
}

async function changed({ listeners }: Held, stop: AbortSignal): Promise<void> {
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

// Earlier releases kept no names.
const neverNamed = { startedBy: null, stoppedBy: null }

function newState({ request, limits, labels }: StartRequest, nowMs: number, by: string | null): ComparisonState {
  const { service, stable, canary } = request
  return {
    id: randomBytes(6).toString('hex'),
    service,
    stable,
    canary,
    labels,
    limits,
    state: 'running',
    startedAt: new Date(nowMs).toISOString(),
    startedBy: by,
    endedAt: null,
    stoppedBy: null,
    why: null,
    outcome: null,
    judgedAt: null,
    reason: null,
    progress: null,
  }
}
