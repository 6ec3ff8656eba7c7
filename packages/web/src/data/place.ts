import { type Context, createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { base } from './server.ts'

/** Where the reader is: a page, and what is chosen on it. All of it is in the URL. */
export interface Place {
  readonly path: string
  readonly chosen: Readonly<Record<string, string>>
}

/** The place, how to go to another page, and how to choose something on this one; `undefined` takes a choice back. */
export interface Here extends Place {
  readonly go: (path: string) => void
  readonly choose: (changes: Readonly<Record<string, string | undefined>>) => void
  /** The URL of a page of this server. */
  readonly hrefOf: (path: string) => string
  /** The URL of this page with other choices. */
  readonly linkTo: (changes: Readonly<Record<string, string | undefined>>) => string
  /** Whether other pages are there: not in a report. */
  readonly isReport: boolean
}

/** A page from disk keeps its choices behind `#`, since its file has one name. */
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
    // As it is now, and not when whoever asks was drawn.
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
      // Otherwise readers who cannot see the page are left on a link that is gone.
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

// What the reader goes back from, one by one; everything else is how it is shown.
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

/** Tells the parts of a page where the reader is. */
export const herePlace: Context<Here | undefined> = createContext<Here | undefined>(undefined)

/** Where the reader is. */
export function useHere(): Here {
  const here = useContext(herePlace)
  if (!here) throw new Error('no place is told')
  return here
}
