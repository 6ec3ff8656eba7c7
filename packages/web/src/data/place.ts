import { type Context, createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { base } from './server.ts'

/** The reader's place: a page, and the selections on it. All of it is in the URL. */
export interface Place {
  readonly path: string
  readonly chosen: Readonly<Record<string, string>>
}

/** The place, and how to go to another page or select something on this one; `undefined` removes a selection. */
export interface Here extends Place {
  readonly go: (path: string) => void
  readonly choose: (changes: Readonly<Record<string, string | undefined>>) => void
  /** The URL of a page of this server. */
  readonly hrefOf: (path: string) => string
  /** The URL of this page with other selections. */
  readonly linkTo: (changes: Readonly<Record<string, string | undefined>>) => string
  /** Whether there are other pages; a report has none. */
  readonly isReport: boolean
}

/** A page from disk keeps its selections after `#`, because its file has one name. */
export function useRoute(isReport: boolean): Here {
  const [place, setPlace] = useState(() => placeNow(isReport))
  useEffect(() => {
    const moved = (): void => setPlace(placeNow(isReport))
    addEventListener('popstate', moved)
    addEventListener('hashchange', moved)
    return () => {
      removeEventListener('popstate', moved)
      removeEventListener('hashchange', moved)
    }
  }, [isReport])
  const linkTo = (changes: Readonly<Record<string, string | undefined>>): string => {
    // The current place, not the one at the time of rendering.
    const all = new URLSearchParams(placeNow(isReport).chosen)
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) all.delete(name)
      else all.set(name, value)
    }
    const text = all.toString()
    return isReport ? `#${text}` : base + (text === '' ? place.path : `${place.path}?${text}`)
  }
  return {
    ...place,
    isReport,
    linkTo,
    hrefOf: (path) => base + path,
    go: (path) => {
      history.pushState(null, '', base + path)
      setPlace(placeNow(isReport))
      scrollTo(0, 0)
      // Otherwise, focus stays on a link that is gone, which strands readers who cannot see the page.
      document.getElementById('main')?.focus()
    },
    choose: (changes) => {
      const to = linkTo(changes)
      if (Object.keys(changes).some((name) => steps.includes(name))) history.pushState(null, '', to)
      else history.replaceState(null, '', to)
      setPlace(placeNow(isReport))
    },
  }
}

// Changes of these are steps in the browser's history; all others only change the view.
const steps = ['operation', 'from', 'to']

function placeNow(isReport: boolean): Place {
  const text = isReport ? location.hash.slice(1) : location.search
  const { pathname } = location
  const path = base !== '' && pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname
  return {
    path: isReport ? '/' : path === base ? '/' : path || '/',
    chosen: Object.fromEntries(new URLSearchParams(text)),
  }
}

/** Provides the reader's place to the parts of a page. */
export const herePlace: Context<Here | undefined> = createContext<Here | undefined>(undefined)

/** The reader's place. */
export function useHere(): Here {
  const here = useContext(herePlace)
  if (!here) throw new Error('no place is told')
  return here
}
