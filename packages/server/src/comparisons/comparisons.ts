import { randomBytes } from 'node:crypto'
import type { Verdict, VerdictQuery } from '@coalmine/comparator'
import type { ComparisonRequest } from '../compare/request.ts'
import type { Context } from '../context.ts'
import { ServerError } from '../errors.ts'
import { newTurns } from '../turns.ts'
import { begin, goOn, lookAtAll, type Runner } from './begin.ts'
import { followed } from './follow.ts'
import { changed, type Held, isRunning, lastLook, newHeld } from './held.ts'
import { newPublish } from './publish.ts'
import { newRounds } from './rounds.ts'
import { parseStart, type StartRequest } from './start-request.ts'
import { after, type ComparisonState, type RunEvent, type Told } from './state.ts'
import { newTickFeed } from './tick-feed.ts'

/** A server's running and past comparisons. */
export interface Comparisons {
  /** Starts one, or joins a running one with the same key; `joined` says which it was. `by` is the caller's name. */
  readonly start: (
    body: unknown,
    by?: string | null,
  ) => Promise<{ readonly state: ComparisonState; readonly joined: boolean }>
  /** All of them, newest first. */
  readonly list: () => readonly ComparisonState[]
  /** The newest comparison of two cohorts. It may be asked by many at once, who wait for its verdict. */
  readonly newest: (cohorts: VerdictQuery) => ComparisonState | undefined
  /** Finds a comparison. Throws a ServerError of kind `no-data` if no comparison has this id. */
  readonly get: (id: string) => ComparisonState
  /** Its last verdict; undefined before the first look. */
  readonly verdict: (id: string) => Promise<Verdict | undefined>
  /** The request of one. Throws a ServerError if this release no longer accepts it. */
  readonly request: (id: string) => ComparisonRequest
  /** Ends it, unless it is over. */
  readonly stop: (id: string, by?: string | null) => Promise<ComparisonState>
  /** Its stored events after a number, then each new one as it happens, until it is over or nobody listens any more. */
  readonly follow: (id: string, afterNumber: number, stop: AbortSignal) => AsyncGenerator<RunEvent>
  /** Resolves at its next event, or when `stop` is aborted. */
  readonly changed: (id: string, stop: AbortSignal) => Promise<void>
  /** Call when ticks have closed, so that running comparisons look at them. */
  readonly ticksClosed: () => void
  /** Loads the comparisons from before a restart, and returns a function that resumes those that were running. */
  readonly resume: () => Promise<() => Promise<void>>
  /** Aborted when the server is about to end. */
  readonly closing: AbortSignal
  /** Releases all of them; running ones resume when a server opens the store again. */
  readonly close: () => void
}

const toldOfDays = 90
// Events sent but not stored before a crash had numbers, too, which must not be reused.
const numbersBetweenKept = 1_000

/** Creates the comparisons of a server, which look when ticks have closed, and at least every `everyMs` milliseconds. */
export function newComparisons(
  context: Context,
  everyMs: number,
  ended: (id: string, verdict: Verdict, request: ComparisonRequest) => void = () => {},
): Comparisons {
  const { store, now, warn } = context
  let isTold = store.access === 'all'
  const held = new Map<string, Held>()
  const closing = new AbortController()
  const feed = newTickFeed(store)
  const rounds = newRounds(everyMs, feed.nextRound)
  const publish = newPublish(context, (one, verdict) => ended(one.state.id, verdict, requestOf(one)), requestOf)
  const runner: Runner = { context, publish, rounds, feed, lane: newTurns(1) }

  const hold = (known: Parameters<typeof newHeld>[0]): Held => {
    const one = newHeld(known)
    held.set(one.state.id, one)
    return one
  }

  const get = (id: string): Held => {
    const one = held.get(id)
    if (one) return one
    throw new ServerError('no-data', `comparisons/${id}: there is no such comparison; GET /api/comparisons lists them`)
  }

  return {
    start: async (body, by = null) => {
      const start = parseStart(body)
      const running = [...held.values()].filter(isRunning)
      const same = running.find(({ key }) => key === start.key)
      if (same) return { state: same.state, joined: true }
      mayStart(running.length, context.limits.comparisons)
      if (!isTold) warn(notKept)
      isTold = true
      const state = newState(start, now(), by)
      const one = hold({ state, key: start.key, asked: start.asked, number: 0, letGo: 0 })
      await runner.publish(one, { kind: 'started', state, asked: start.asked, key: start.key })
      begin(one, start, runner)
      return { state: one.state, joined: false }
    },
    list: () => [...held.values()].map(({ state }) => state).sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1)),
    newest: ({ service, stable, canary }) => {
      let newest: ComparisonState | undefined
      for (const { state } of held.values()) {
        if (state.service !== service || state.stable !== stable || state.canary !== canary) continue
        if (!newest || state.startedAt > newest.startedAt) newest = state
      }
      return newest
    },
    get: (id) => get(id).state,
    verdict: async (id) => {
      const one = get(id)
      await lookAtAll(one, runner.publish)
      if (one.verdict) return one.verdict
      const kept = await store.comparisons.verdict(id)
      return kept === undefined ? undefined : (JSON.parse(kept) as Verdict)
    },
    request: (id) => requestOf(get(id)),
    stop: async (id, by = null) => {
      const one = get(id)
      if (!isRunning(one)) return one.state
      await lookAtAll(one, runner.publish, 0)
      one.stop.abort()
      await one.done
      if (isRunning(one)) {
        const told: Told = { kind: 'ended', look: lastLook(one.state), why: 'stopped', ...(by !== null && { by }) }
        await runner.publish(one, told, one.verdict)
      }
      return one.state
    },
    follow: (id, after, stop) => followed(get(id), store, { after, stop, closing: closing.signal }),
    changed: (id, stop) => changed(get(id), stop),
    ticksClosed: rounds.begin,
    resume: async () => {
      const ran: (() => Promise<void>)[] = []
      for (const { started, last } of await store.comparisons.known(now() - toldOfDays * 86_400_000)) {
        const first = JSON.parse(started.told) as Told
        if (first.kind !== 'started') continue
        const told = JSON.parse(last.told) as Told
        const event: RunEvent = { number: last.number, at: new Date(last.atMs).toISOString(), told }
        const state = { ...neverNamed, ...after(first.state, event) }
        const number = last.number + (state.state === 'running' ? numbersBetweenKept : 0)
        const one = hold({ state, key: first.key, asked: first.asked, number, letGo: last.number })
        if (state.state === 'running') ran.push(() => goOn(one, first.asked, runner))
      }
      return async () => {
        for (const goOnWithIt of ran) await goOnWithIt()
      }
    },
    closing: closing.signal,
    close: () => {
      closing.abort()
      rounds.close()
      for (const one of held.values()) one.stop.abort()
      for (const one of held.values()) for (const listener of one.listeners) listener()
    },
  }
}

function requestOf({ asked, state }: Held): ComparisonRequest {
  return parseStart({ ...Object(asked), ...state.limits }).request
}

const notKept =
  'running comparisons are kept only in memory, since this database user may not write to the store: they are lost when the server stops'

function mayStart(running: number, most: number): void {
  if (running < most) return
  const run = running === 1 ? '1 comparison is running' : `${running} comparisons are running`
  throw new ServerError(
    'unavailable',
    `${run}, the most that this server allows: stop one (POST /api/comparisons/ID/stop), or wait until one ends`,
    { status: 429 },
  )
}

// Earlier releases stored no names.
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
