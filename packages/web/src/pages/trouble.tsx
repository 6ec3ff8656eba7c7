import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Trouble, tell, troubleOf } from '../data/ask.ts'
import { Link } from '../link.tsx'

/** Why there is nothing to see, and what to do about it. */
export function TroubleView({ trouble, again }: { trouble: Trouble; again: () => void }): VNode {
  if (trouble.kind === 'login') return <Login done={again} />
  if (trouble.kind === 'gone')
    return (
      <section class="state" role="alert">
        <h1>The server does not answer</h1>
        <p>
          This page tries again every two seconds. If it was stopped, start it again: running comparisons go on where
          they were.
        </p>
        <pre>coalmine serve</pre>
      </section>
    )
  return (
    <section class="state" role="alert">
      <h1>{trouble.status === 404 ? 'Not found' : 'The server refused the request'}</h1>
      <p>{trouble.message}</p>
      <p>
        <Link to="/">All services and comparisons</Link>
      </p>
      <button type="button" onClick={again}>
        Try again
      </button>
    </section>
  )
}

/** The warning above an answer that could not be refreshed. The answer stays, unless the reader has to log in again. */
export function Stale({ trouble }: { trouble: Trouble | undefined }): VNode | null {
  if (!trouble) return null
  return (
    <p class="lost" role="alert">
      {trouble.kind === 'refused'
        ? `What you see may be old: the server said “${trouble.message}”. This page tries again by itself.`
        : 'The connection to the server is lost. What you see may be old; this page reconnects by itself.'}
    </p>
  )
}

/** Whether the error is all there is to show. */
export const hides = (trouble: Trouble | undefined, answer: unknown): trouble is Trouble =>
  trouble !== undefined && (trouble.kind === 'login' || answer === undefined)

/** Asks for the token once; the server then knows the browser by a cookie. */
function Login({ done }: { done: () => void }): VNode {
  const [token, setToken] = useState('')
  const [wrong, setWrong] = useState<string>()
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    // The reader may have logged in on another tab.
    const seen = (): void => {
      if (document.visibilityState === 'visible') done()
    }
    document.addEventListener('visibilitychange', seen)
    return () => document.removeEventListener('visibilitychange', seen)
  }, [done])
  const send = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    try {
      await tell('/api/login', { token })
      done()
    } catch (error) {
      const found = troubleOf(error)
      setWrong(
        found.kind === 'login'
          ? 'This server does not know that token.'
          : found.kind === 'gone'
            ? 'The server does not answer.'
            : found.message,
      )
    } finally {
      setBusy(false)
    }
  }
  return (
    <section class="state">
      <h1>This server needs a token</h1>
      <p>
        Enter the token that coalmine serve was started with, or one from its tokens file. This browser then gets a
        cookie for twelve hours; the token never appears in a URL.
      </p>
      <form onSubmit={send}>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          required
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
          aria-describedby={wrong ? 'wrong' : undefined}
        />
        <button type="submit" disabled={busy}>
          Log in
        </button>
        {wrong && (
          <p id="wrong" class="wrong" role="alert">
            {wrong}
          </p>
        )}
      </form>
    </section>
  )
}

/** Shown until the first answer arrives. */
export function Loading({ what }: { what: string }): VNode {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  )
}
