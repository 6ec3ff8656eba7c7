import type { ScopeChart, Verdict } from '@coalmine/comparator'
import { useEffect, useRef, useState } from 'preact/hooks'
import { AskError, ask, type Trouble, troubleOf } from './ask.ts'
import type { ComparisonData, RunState, View } from './model.ts'

/** How the page is connected: it follows, tries again, or has nothing more to wait for. */
export type Link = 'following' | 'lost' | 'over'

/** A comparison as far as the page knows it. */
export interface Live extends ComparisonData {
  /** Why there is nothing to show yet. */
  readonly trouble: Trouble | undefined
  readonly link: Link
  /** The charts of one operation, once they are there. */
  readonly scopeOf: (operation: string) => ScopeChart | undefined
}

interface Held {
  readonly state: RunState | null
  readonly verdict: Verdict | null
  readonly view: View | null
}

const again = { viewMs: 4_000, lostMs: 2_000 }

/** Follows a comparison of the server: what it says now, and whatever happens to it. */
export function useLive(id: string, operation: string | undefined, attempt: number): Live {
  const [held, setHeld] = useState<Held>({ state: null, verdict: null, view: null })
  const [trouble, setTrouble] = useState<Trouble>()
  const [link, setLink] = useState<Link>('following')
  const [scopes, setScopes] = useState<ReadonlyMap<string, ScopeChart>>(new Map())
  const until = held.view?.until ?? null
  useEffect(() => {
    const stop = new AbortController()
    let events: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let asking = false
    let isOwed = false

    const failed = (error: unknown): void => {
      if (stop.signal.aborted) return
      const found = troubleOf(error)
      if (found.kind === 'gone') {
        setLink('lost')
        timer = setTimeout(load, again.lostMs)
      }
      setTrouble(found)
      if (found.kind !== 'gone') events?.close()
    }

    const load = async (): Promise<void> => {
      if (asking) {
        isOwed = true
        return
      }
      asking = true
      try {
        const { verdict, ...state } = await ask<RunState & { verdict: Verdict | null }>(
          `/api/comparisons/${encodeURIComponent(id)}`,
          stop.signal,
        )
        setHeld((before) => ({ ...before, state, verdict }))
        setTrouble(undefined)
        setLink(state.state === 'ended' ? 'over' : 'following')
        if (state.state === 'running' && (!events || events.readyState === EventSource.CLOSED)) follow()
        await loadView()
      } catch (error) {
        failed(error)
      } finally {
        asking = false
      }
      if (isOwed && !stop.signal.aborted) {
        isOwed = false
        timer = setTimeout(load, again.viewMs)
      }
    }

    // A verdict is worth seeing without its charts: they are asked for again.
    const loadView = async (): Promise<void> => {
      try {
        const view = await ask<View>(`/api/comparisons/${encodeURIComponent(id)}/charts`, stop.signal)
        setHeld((before) => ({ ...before, view }))
      } catch (error) {
        const { kind } = troubleOf(error)
        if (kind !== 'refused' || stop.signal.aborted) throw error
        isOwed = true
      }
    }

    const follow = (): void => {
      events?.close()
      events = new EventSource(`/api/comparisons/${encodeURIComponent(id)}/events`)
      const looked = ({ data }: MessageEvent<string>): void => {
        const { at, ...look } = JSON.parse(data) as Partial<RunState> & { at: string }
        setHeld((before) =>
          before.state && (before.state.judgedAt ?? '') < at
            ? { ...before, state: { ...before.state, ...look, judgedAt: at } }
            : before,
        )
        if (document.visibilityState === 'visible') void load()
      }
      events.addEventListener('look', looked)
      events.addEventListener('outcome', looked)
      events.addEventListener('ended', () => {
        events?.close()
        void load()
      })
      events.onopen = () => setLink('following')
      events.onerror = () => {
        setLink('lost')
        // The browser tries again by itself, unless the server refused: then its answer is asked for.
        if (events?.readyState === EventSource.CLOSED) timer = setTimeout(load, again.lostMs)
      }
    }

    const seen = (): void => {
      if (document.visibilityState === 'visible') void load()
    }
    document.addEventListener('visibilitychange', seen)
    void load()
    return () => {
      stop.abort()
      clearTimeout(timer)
      events?.close()
      document.removeEventListener('visibilitychange', seen)
    }
  }, [id, attempt])

  const asked = useRef('')
  useEffect(() => {
    if (operation === undefined || until === null) return
    const key = `${until} ${operation}`
    if (asked.current === key) return
    asked.current = key
    ask<View>(`/api/comparisons/${encodeURIComponent(id)}/charts?operation=${encodeURIComponent(operation)}`)
      .then(({ charts }) => {
        const [scope] = charts?.scopes ?? []
        if (scope) setScopes((before) => new Map([...before, [operation, scope]]))
      })
      .catch((error: unknown) => {
        asked.current = ''
        if (!(error instanceof AskError)) throw error
      })
  }, [id, operation, until])

  return { ...held, trouble, link, scopeOf: (name) => scopes.get(name) }
}

/** What a page asks once, and again every so often; the last answer stays while the server is away. */
export function useAnswer<Answer>(
  path: string | undefined,
  everyMs: number | undefined,
  attempt = 0,
): { readonly answer: Answer | undefined; readonly trouble: Trouble | undefined } {
  const [answer, setAnswer] = useState<{ path: string; value: Answer }>()
  const [trouble, setTrouble] = useState<Trouble>()
  useEffect(() => {
    if (path === undefined) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async (): Promise<void> => {
      let wait = everyMs
      try {
        const value = await ask<Answer>(path, stop.signal)
        setAnswer({ path, value })
        setTrouble(undefined)
      } catch (error) {
        if (stop.signal.aborted) return
        const found = troubleOf(error)
        setTrouble(found)
        if (found.kind === 'gone') wait = Math.min(wait ?? again.lostMs, again.lostMs)
        else if (found.kind === 'login') wait = undefined
      }
      if (wait !== undefined && !stop.signal.aborted) timer = setTimeout(load, wait)
    }
    void load()
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs, attempt])
  return { answer: answer?.path === path ? answer?.value : undefined, trouble }
}
