import type {
  ComparisonAnswer,
  ComparisonBody,
  ComparisonEvent,
  JudgedComparison,
  StartBody,
  Verdict,
  VerdictAnswer,
  VerdictQuery,
} from '@coalmine/comparator'
import { isComparison, isJudged, isList, isVerdict, isVerdictAnswer } from './answers.ts'
import { ask, type ServerAddress } from './ask.ts'
import { CoalmineError, mayPass } from './coalmine-error.ts'
import { follow } from './follow.ts'
import { newRetries } from './retries.ts'

/** Which server to ask, and how long to wait for it. */
export interface ClientOptions extends ServerAddress {
  /** How long an answer may take, in milliseconds; 30 s unless given, and 5 min for `compare`. */
  readonly timeoutMs?: number
  /** How long the server may be away while a comparison is watched, in milliseconds; 2 min unless given. */
  readonly patienceMs?: number
}

/** A request that can be cancelled. */
export interface Signalled {
  readonly signal?: AbortSignal
}

/** Options for watching a comparison. */
export interface WatchOptions extends Signalled {
  /** The number of the last event that is known; all of them come unless given. */
  readonly after?: number
}

/** Options for waiting for a verdict. */
export interface VerdictOptions extends Signalled {
  /** How long to wait for a verdict, in milliseconds; without it the answer may be that it is `running`. */
  readonly waitMs?: number
}

/** A Coalmine server. Every function throws a CoalmineError if there is no answer. */
export interface Client {
  /** Judges once, from the spans that are there. */
  readonly compare: (body: ComparisonBody, options?: Signalled) => Promise<Verdict>
  /** Starts a comparison, or joins the one that runs; `url` is its page. */
  readonly start: (body: StartBody, options?: Signalled) => Promise<ComparisonAnswer>
  /** The events of a comparison until it is over: of one by its id, or of one that is started, or joined, for it. */
  readonly watch: (what: string | StartBody, options?: WatchOptions) => AsyncGenerator<ComparisonEvent, void>
  /** What the newest comparison of these cohorts has come to. */
  readonly verdict: (query: VerdictQuery, options?: VerdictOptions) => Promise<VerdictAnswer>
  /** A comparison and its last verdict; null before the first look. */
  readonly get: (id: string, options?: Signalled) => Promise<JudgedComparison>
  /** All that run, and those of the last 90 days, the newest first. */
  readonly list: (options?: Signalled) => Promise<readonly ComparisonAnswer[]>
  /** Ends a comparison. */
  readonly stop: (id: string, options?: Signalled) => Promise<ComparisonAnswer>
}

const compareTimeoutMs = 300_000
const longestWaitMs = 20_000

/**
 * Makes a client of a Coalmine server. Throws a CoalmineError of kind `usage` if the URL is not valid.
 *
 * @example const verdict = await newClient({ url: 'http://127.0.0.1:4318' }).compare({ service, stable, canary })
 */
export function newClient({ timeoutMs, patienceMs, ...server }: ClientOptions): Client {
  mustBeUrl(server.url)
  const usual = timeoutMs ?? 30_000
  const start = (body: StartBody, { signal }: Signalled = {}): Promise<ComparisonAnswer> =>
    ask(server, '/api/comparisons', isComparison, { body, signal, timeoutMs: usual })
  const one = (id: string): string => `/api/comparisons/${encodeURIComponent(id)}`

  const verdictNow = (query: VerdictQuery, waitMs: number, signal?: AbortSignal): Promise<VerdictAnswer> => {
    const { service, stable, canary } = query
    const asked = new URLSearchParams({ service, stable, canary, wait: `${Math.round(waitMs)}ms` })
    return ask(server, `/api/verdict?${asked}`, isVerdictAnswer, { signal, timeoutMs: waitMs + usual })
  }

  return {
    compare: (body, { signal } = {}) =>
      ask(server, '/api/compare', isVerdict, { body, signal, timeoutMs: timeoutMs ?? compareTimeoutMs }),
    start,
    watch: async function* (what, { after, signal } = {}) {
      const id = typeof what === 'string' ? what : (await start(what, signal ? { signal } : {})).id
      yield* follow(server, id, { signal, patienceMs, timeoutMs: usual, ...(after === undefined ? {} : { after }) })
    },
    verdict: async (query, { waitMs = 0, signal } = {}) => {
      const end = performance.now() + waitMs
      const left = (): number => Math.max(0, end - performance.now())
      const retries = newRetries(waitMs, signal)
      for (;;) {
        try {
          const answer = await verdictNow(query, Math.min(left(), longestWaitMs), signal)
          if (answer.verdict !== 'running' || left() === 0) return answer
        } catch (error) {
          if (!mayPass(error) || left() === 0) throw error
          await retries.wait(error)
        }
      }
    },
    get: (id, { signal } = {}) => ask(server, one(id), isJudged, { signal, timeoutMs: usual }),
    list: async ({ signal } = {}) =>
      (await ask(server, '/api/comparisons', isList, { signal, timeoutMs: usual })).comparisons,
    stop: (id, { signal } = {}) => ask(server, `${one(id)}/stop`, isComparison, { body: {}, signal, timeoutMs: usual }),
  }
}

// It often comes from a variable of the environment, which may not be there.
function mustBeUrl(url: unknown): void {
  if (typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return
  const what = `url: expected one such as http://127.0.0.1:4318, got ${JSON.stringify(url) ?? 'nothing'}`
  throw new CoalmineError('usage', { what, where: 'newClient' })
}
