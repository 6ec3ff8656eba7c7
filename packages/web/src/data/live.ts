import type { ScopeChart, Verdict } from '@coalmine/comparator'
import { useEffect, useState } from 'preact/hooks'
import { ask, type Trouble, troubleOf } from './ask.ts'
import type { ComparisonData, RunState, View } from './model.ts'
import { newPump } from './pump.ts'
import { base } from './server.ts'

/** The page's connection: it follows, tries again, or has nothing more to wait for. */
export type Link = 'following' | 'lost' | 'over'

/** A comparison, as far as the page has loaded it. */
export interface Live extends ComparisonData {
  /** Why there is nothing to show yet. */
  readonly trouble: Trouble | undefined
  /** Why there are no charts, or none for this verdict. */
  readonly chartTrouble: string | undefined
  readonly link: Link
  /** The charts of one operation, once loaded. */
  readonly scopeOf: (operation: string) => ScopeChart | undefined
}

interface Held {
  readonly state: RunState | null
  readonly verdict: Verdict | null
  readonly view: View | null
}

const rest = { stateMs: 1_000, viewMs: 4_000 }
const again = { lostMs: 2_000, refusedMs: 4_000 }
// A proxy may hold events back: after this long without one, the page asks by itself.
const silentMs = 30_000
// Charts of long windows take a while, especially on a busy server.
const chartsWithinMs = 120_000

/** Whether a verdict has charts: not if nothing could be compared. */
export function hasCharts(verdict: Verdict | null): boolean {
  return verdict !== null && verdict.verdict !== 'invalid'
}

/** Follows a comparison in the server: its present state, and every event. */
export function useLive(id: string, operation: string | undefined, attempt: number): Live {
  const [held, setHeld] = useState<Held>({ state: null, verdict: null, view: null })
  const [trouble, setTrouble] = useState<Trouble>()
  const [chartTrouble, setChartTrouble] = useState<string>()
  const [link, setLink] = useState<Link>('following')
  useEffect(
    () =>
      followed(id, {
        judged: (state, verdict) => {
          setHeld((before) => ({ ...before, state, verdict }))
          setTrouble(undefined)
        },
        looked: (at, look) =>
          setHeld((before) =>
            before.state && (before.state.judgedAt ?? '') < at
              ? { ...before, state: { ...before.state, ...look, judgedAt: at } }
              : before,
          ),
        drawn: (view) => {
          // The screen stays as it is until there is something newer to draw.
          setHeld((before) => ({ ...before, view: view.charts || !before.view?.charts ? view : before.view }))
          setChartTrouble(undefined)
        },
        undrawn: setChartTrouble,
        troubled: setTrouble,
        linked: setLink,
      }),
    [id, attempt],
  )
  const scopes = useScopes(id, operation, held.view?.until ?? null)
  return { ...held, trouble, chartTrouble, link, scopeOf: (name) => scopes.get(name) }
}

/** The callbacks of a follower. */
interface Told {
  readonly judged: (state: RunState, verdict: Verdict | null) => void
  readonly looked: (at: string, look: Partial<RunState>) => void
  readonly drawn: (view: View) => void
  readonly undrawn: (why: string) => void
  readonly troubled: (trouble: Trouble) => void
  readonly linked: (link: Link) => void
}

/**
 * Requests the verdict and its charts, separately, when an event says that there is something new, or when nothing has arrived for
 * long. Failed requests are repeated, unless only the reader can fix the problem.
 */
function followed(id: string, told: Told): () => void {
  const path = `/api/comparisons/${encodeURIComponent(id)}`
  const stop = new AbortController()
  let events: EventSource | undefined
  let isOver = false
  let heardMs = Date.now()

  const failed = (error: unknown, pump: { want: (afterMs: number) => void }): Trouble | undefined => {
    if (stop.signal.aborted) return undefined
    const found = troubleOf(error)
    if (found.kind === 'gone') {
      told.linked('lost')
      pump.want(again.lostMs)
    } else if (found.kind === 'refused' && found.status !== 404) pump.want(again.refusedMs)
    else end()
    return found
  }

  const isSeen = (): boolean => document.visibilityState === 'visible'

  const states = newPump(async () => {
    try {
      const { verdict, ...state } = await ask<RunState & { verdict: Verdict | null }>(path, stop.signal)
      heardMs = Date.now()
      isOver = state.state === 'ended'
      told.judged(state, verdict)
      told.linked(isOver ? 'over' : 'following')
      if (isOver) events?.close()
      else if (isSeen() && (!events || events.readyState === EventSource.CLOSED)) listen()
      if (isSeen() && hasCharts(verdict)) views.want()
    } catch (error) {
      const found = failed(error, states)
      if (found) told.troubled(found)
    }
  }, rest.stateMs)

  // A verdict is useful even without its charts.
  const views = newPump(async () => {
    try {
      const view = await ask<View>(`${path}/charts`, stop.signal, chartsWithinMs)
      told.drawn(view)
      told.linked(isOver ? 'over' : 'following')
      if (!view.charts) views.want(again.refusedMs)
    } catch (error) {
      const found = failed(error, views)
      if (found?.kind === 'refused') told.undrawn(found.message)
      else if (found?.kind === 'login') told.troubled(found)
    }
  }, rest.viewMs)

  const listen = (): void => {
    events?.close()
    events = new EventSource(`${base}${path}/events`)
    const looked = ({ data }: MessageEvent<string>): void => {
      heardMs = Date.now()
      const { at, ...look } = JSON.parse(data) as Partial<RunState> & { at: string }
      told.looked(at, look)
      if (isSeen()) states.want()
    }
    events.addEventListener('look', looked)
    events.addEventListener('outcome', looked)
    events.addEventListener('ended', () => {
      events?.close()
      states.want()
    })
    events.onopen = () => told.linked('following')
    events.onerror = () => {
      if (isOver) return
      told.linked('lost')
      // The browser reconnects by itself, unless the server refused; then the reason is requested.
      if (events?.readyState === EventSource.CLOSED) states.want(again.lostMs)
    }
  }

  // A browser opens at most six connections to a server, so a hidden page gives its own up.
  const seen = (): void => {
    if (!isSeen()) {
      events?.close()
      events = undefined
    }
    states.want()
  }
  const watch = setInterval(() => {
    if (isOver || Math.abs(Date.now() - heardMs) < silentMs) return
    // After a sleep, or behind a proxy that holds events back, a connection may be dead without an error.
    events?.close()
    states.want()
  }, silentMs / 2)

  const end = (): void => {
    stop.abort()
    states.stop()
    views.stop()
    clearInterval(watch)
    events?.close()
    document.removeEventListener('visibilitychange', seen)
    removeEventListener('online', seen)
  }
  document.addEventListener('visibilitychange', seen)
  addEventListener('online', seen)
  states.want()
  return end
}

/** The charts of the operations that the reader selected, each as of the newest verdict. */
function useScopes(id: string, operation: string | undefined, until: string | null): ReadonlyMap<string, ScopeChart> {
  const [scopes, setScopes] = useState<ReadonlyMap<string, ScopeChart>>(new Map())
  useEffect(() => {
    if (operation === undefined || until === null) return
    const stop = new AbortController()
    const pump = newPump(async () => {
      try {
        const { charts } = await ask<View>(
          `/api/comparisons/${encodeURIComponent(id)}/charts?operation=${encodeURIComponent(operation)}`,
          stop.signal,
          chartsWithinMs,
        )
        const [scope] = charts?.scopes ?? []
        if (scope) setScopes((before) => new Map([...before, [operation, scope]]))
      } catch (error) {
        if (stop.signal.aborted || troubleOf(error).kind === 'login') return
        pump.want(again.refusedMs)
      }
    }, rest.viewMs)
    pump.want()
    return () => {
      stop.abort()
      pump.stop()
    }
  }, [id, operation, until])
  return scopes
}
