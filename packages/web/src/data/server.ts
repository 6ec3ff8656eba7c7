import { useEffect, useState } from 'preact/hooks'

const meta = (name: string): string | undefined =>
  typeof document === 'undefined'
    ? undefined
    : (document.querySelector<HTMLMetaElement>(`meta[name="coalmine-${name}"]`)?.content ?? undefined)

/** The path under which a proxy serves the server; empty if it has the whole host. */
export const base: string = meta('base') ?? ''

/** The server's address, as this browser reaches it. */
export const serverUrl = (): string => location.origin + base

/** Facts about the server that come with every answer. */
export interface ServerFacts {
  /** How far the server's clock is ahead of the browser's, in milliseconds. */
  readonly clockMs: number
  /** Whether the server's version differs from this page's. */
  readonly isOther: boolean
}

const own = meta('version')
let facts: ServerFacts = { clockMs: 0, isOther: false }
const listeners = new Set<(facts: ServerFacts) => void>()

// The header has whole seconds, and answers take a moment to arrive.
const sameClockMs = 5_000

/** Notes the facts in an answer. */
export function noteAnswer({ headers }: Response): void {
  const at = Date.parse(headers.get('date') ?? '')
  const ahead = at - Date.now()
  const version = headers.get('x-coalmine-version')
  const found: ServerFacts = {
    clockMs: Number.isNaN(ahead) || Math.abs(ahead - facts.clockMs) < sameClockMs ? facts.clockMs : ahead,
    isOther: version === null ? facts.isOther : own !== undefined && version !== own,
  }
  if (found.clockMs === facts.clockMs && found.isOther === facts.isOther) return
  facts = found
  for (const listener of listeners) listener(found)
}

/** The current time by the server's clock. */
export const serverNow = (): number => Date.now() + facts.clockMs

/** The current facts about the server. */
export function useServer(): ServerFacts {
  const [known, setKnown] = useState(facts)
  useEffect(() => {
    setKnown(facts)
    listeners.add(setKnown)
    return () => void listeners.delete(setKnown)
  }, [])
  return known
}
