import { SpanMetricsError } from './errors.ts'

/** A Prometheus, or a compatible server (Mimir, Thanos, VictoriaMetrics), and the headers it requires. */
export interface Prometheus {
  /** Safe to show: contains no password. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly stop: AbortSignal
  /** Called with each warning of the server, such as that an answer is incomplete. */
  readonly warn: (message: string) => void
}

/** A query exceeded the server's limit on samples or time: ask for less at once. */
export class TooMuchAtOnce extends Error {}

const patienceMs = 120_000

/** Where to reach a Prometheus, and how. */
export interface PrometheusAccess {
  /** The base URL, without `/api/v1`; a user and password in it are sent as a header. */
  readonly url: string
  /** More headers, such as `Authorization: Bearer x`. */
  readonly headers: readonly string[]
  readonly stop: AbortSignal
  /** Called with each warning of the server, such as that an answer is incomplete. */
  readonly warn: (message: string) => void
}

/**
 * Prepares access to a Prometheus.
 *
 * Throws a SpanMetricsError of kind `usage` for a malformed header.
 */
export function prometheusAt({ url, headers, stop, warn }: PrometheusAccess): Prometheus {
  const parsed = new URL(url)
  const { username, password } = parsed
  parsed.username = ''
  parsed.password = ''
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return {
    url: parsed.href.replace(/\/+$/, ''),
    headers: {
      ...(username === '' ? {} : { authorization: `Basic ${credentials}` }),
      ...Object.fromEntries(headers.map(headerOf)),
    },
    stop,
    warn,
  }
}

function headerOf(text: string): [string, string] {
  const parts = /^([\w-]+)\s*:\s*(.+)$/.exec(text)
  if (!parts) {
    // The header may be a secret, so it is not shown.
    throw new SpanMetricsError(
      'usage',
      "--prometheus-header: expected a name and a value, such as 'Authorization: Bearer x'",
    )
  }
  return [parts[1]!.toLowerCase(), parts[2]!]
}

/**
 * Queries the HTTP API and returns the `data` of its answer.
 *
 * Throws a SpanMetricsError of kind `unavailable` that says why there is no answer.
 * Throws TooMuchAtOnce.
 */
export async function askPrometheus(
  { url, headers, stop, warn }: Prometheus,
  path: string,
  parameters: readonly (readonly [string, string])[],
): Promise<unknown> {
  const at = `${url}/api/v1/${path}`
  let response: Response
  let answer: unknown
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(patienceMs)])
    const form = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString()
    // Selectors may be too long for a URL, so use POST; label values are available by GET only.
    response = path.startsWith('label/')
      ? await fetch(`${at}?${form}`, { headers, signal })
      : await fetch(at, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
          body: form,
          signal,
        })
    answer = await response.json().catch((error: Error) => {
      if (error instanceof SyntaxError) return undefined
      throw error
    })
  } catch (error) {
    throw noAnswer(error as Error, url, stop)
  }
  const { status, data, error, errorType, warnings } = (answer ?? {}) as Record<string, unknown>
  for (const warning of Array.isArray(warnings) ? warnings : []) warn(`${url} warns: ${warning}`)
  if (status === 'success') return data
  if (response.status === 401 || response.status === 403) {
    throw new SpanMetricsError(
      'unavailable',
      `${url} answered ${response.status}: give a user and password in the URL, or --prometheus-header 'Authorization: Bearer ...'`,
    )
  }
  if (status !== 'error') {
    throw new SpanMetricsError(
      'unavailable',
      `${at} answered ${response.status}, but not as Prometheus does: --prometheus takes the URL that /api/v1 is below`,
    )
  }
  if (errorType === 'timeout' || /too many samples|timed out|limit/i.test(String(error)))
    throw new TooMuchAtOnce(String(error))
  throw new SpanMetricsError('unavailable', `${url} refused a query (${response.status}, ${errorType}): ${error}`)
}

function noAnswer(error: Error, url: string, stop: AbortSignal): SpanMetricsError {
  if (stop.aborted) return new SpanMetricsError('interrupted', 'stopped before Prometheus answered')
  if (error.name === 'TimeoutError')
    return new SpanMetricsError('unavailable', `no answer from ${url} within ${patienceMs / 1000} s`)
  const cause = error.cause instanceof Error ? error.cause : error
  return new SpanMetricsError(
    'unavailable',
    `no answer from ${url} (${(cause as NodeJS.ErrnoException).code ?? cause.message}): is Prometheus running there?`,
  )
}
