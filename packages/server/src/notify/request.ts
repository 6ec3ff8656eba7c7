/** The result of an attempt to deliver a message. `note` is the target's answer in one line, without secrets. */
export type Delivery =
  | { readonly kind: 'sent'; readonly note: string }
  /** It may work later; not before `afterMs` milliseconds, if the target said so. */
  | { readonly kind: 'later'; readonly note: string; readonly afterMs?: number }
  /** Trying again would not help. */
  | { readonly kind: 'refused'; readonly note: string }

/** A request to a target. */
export interface TargetRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON exactly as sent: signatures cover these bytes. */
  readonly body?: string
}

/** A target's answer: its meaning, and its body if the request was accepted. */
export interface TargetAnswer {
  readonly delivery: Delivery
  readonly body: string
  readonly headers: Headers | undefined
}

/** Sends a request to a target. Never throws. */
export type Ask = (request: TargetRequest) => Promise<TargetAnswer>

const timeoutMs = 10_000
const longestNote = 200
// A page of GitHub's comments has up to 100, of 65 536 characters each.
const longestBody = 20_000_000
// Longer waits are taken for a mistake; a retry will be told to wait again if need be.
const longestAfterMs = 3_600_000

/**
 * Sends requests to targets over HTTP, each limited to ten seconds.
 *
 * @param secrets texts that are never repeated in a note: a target may answer with what it was sent.
 * @param stop aborts requests under way.
 */
export function newAsk(secrets: readonly string[], stop: AbortSignal, now: () => number): Ask {
  const known = secrets.filter((secret) => secret.length >= 4).toSorted((a, b) => b.length - a.length)
  const noteOf = (text: string): string => {
    const shown = known.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
    const line = shown.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
    return line.length > longestNote ? `${line.slice(0, longestNote - 1)}…` : line
  }
  return async ({ method, url, headers, body }) => {
    try {
      const response = await fetch(url, {
        method,
        headers: {
          'user-agent': 'coalmine',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body }),
        // A redirected POST becomes a GET, which succeeds without delivering anything.
        redirect: 'manual',
        signal: AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]),
      })
      // What was sent has been taken by now: to send it again because the answer is cut off would be to tell people twice.
      const text = await textOf(response).catch((error: unknown) => {
        if (!response.ok || method === 'GET') throw error
        return ''
      })
      return { delivery: deliveryOf(response, noteOf(saidIn(text)), now()), body: text, headers: response.headers }
    } catch (error) {
      return { delivery: { kind: 'later', note: noteOf(troubleOf(error)) }, body: '', headers: undefined }
    }
  }
}

/**
 * Asks a provider's API. A web page with status 200 is no delivery: it is what a proxy that wants somebody to log in
 * answers, or a site at an address that is not the API's.
 */
export function askingApi(ask: Ask): Ask {
  return async (request) => {
    const answer = await ask(request)
    if (answer.delivery.kind !== 'sent' || !/^\s*<(!doctype html|html)\b/i.test(answer.body)) return answer
    const note =
      'it answered with a web page; is the address that of the API, and does nothing ask for a login before it?'
    return { ...answer, delivery: { kind: 'refused', note } }
  }
}

async function textOf({ body }: Response): Promise<string> {
  if (!body) return ''
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > longestBody) break
  }
  return text
}

/** The text of an answer; for JSON, the message and errors that providers put there. */
function saidIn(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    const { message, errors } = JSON.parse(text) as { message?: unknown; errors?: unknown }
    if (typeof message !== 'string') return text
    const more = Array.isArray(errors) ? errors.filter((one) => typeof one === 'string') : []
    return [message, ...more].join('; ')
  } catch {
    return text
  }
}

function deliveryOf({ status, ok, headers }: Response, text: string, nowMs: number): Delivery {
  const note = text === '' ? String(status) : `${status} ${text}`
  if (ok) return { kind: 'sent', note }
  if (status >= 300 && status < 400)
    return { kind: 'refused', note: `${status}: it has moved; put its new address into coalmine.yaml` }
  const afterMs = afterOf(headers, nowMs)
  // GitHub answers 403 for rate limits.
  const isLimited = status === 403 && (headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0')
  if (status >= 500 || status === 408 || status === 425 || status === 429 || isLimited)
    return { kind: 'later', note, ...(afterMs !== undefined && { afterMs }) }
  return { kind: 'refused', note }
}

/** How long the answer asks to wait, in milliseconds: Retry-After in seconds or as a date, or GitHub's own header. */
function afterOf(headers: Headers, nowMs: number): number | undefined {
  const after = headers.get('retry-after')
  const reset = headers.get('x-ratelimit-remaining') === '0' ? headers.get('x-ratelimit-reset') : null
  const ms =
    after !== null
      ? /^\d+(\.\d+)?$/.test(after.trim())
        ? Number(after) * 1000
        : Date.parse(after) - nowMs
      : reset !== null
        ? Number(reset) * 1000 - nowMs
        : Number.NaN
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), longestAfterMs)
}

function troubleOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer in ${timeoutMs / 1000} s`
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code, message = String(cause) } = Object(cause) as { code?: unknown; message?: string }
  return `no answer: ${message === '' ? String(code) : message}`
}
