import type {
  ComparisonAnswer,
  ComparisonEvents,
  ComparisonList,
  ComparisonState,
  JudgedComparison,
  VerdictAnswer,
  VerdictQuery,
} from '@coalmine/comparator'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { selector, text } from '../compare/request.ts'
import { ServerError } from '../errors.ts'
import type { Links } from '../links.ts'
import type { Comparisons } from './comparisons.ts'
import { eventsSince, sendEvents } from './event-stream.ts'
import { settledOutcome } from './state.ts'
import { waiting, waitOf } from './waiting.ts'

type WithId = FastifyRequest<{ Params: { id: string } }>

/** Comparisons that run: started, listed, followed, stopped; and their verdict for whoever waits for it. */
export function registerComparisons(
  app: FastifyInstance,
  comparisons: Comparisons,
  links: Links,
  mostStreams: number,
): void {
  const linked = (state: ComparisonState, request: FastifyRequest): ComparisonAnswer => ({
    ...state,
    url: links.comparison(state.id, request),
  })
  app.post('/api/comparisons', async (request, reply): Promise<ComparisonAnswer> => {
    const { state, joined } = await comparisons.start(withKey(request), request.callerName)
    reply.code(joined ? 200 : 201).header('location', `/api/comparisons/${state.id}`)
    return linked(state, request)
  })
  app.get(
    '/api/comparisons',
    async (request): Promise<ComparisonList> => ({
      comparisons: comparisons.list().map((state) => linked(state, request)),
    }),
  )
  app.get('/api/comparisons/:id', async (request: WithId): Promise<JudgedComparison> => {
    const { id } = request.params
    const verdict = (await comparisons.verdict(id)) ?? null
    return { ...linked(comparisons.get(id), request), verdict }
  })
  app.post('/api/comparisons/:id/stop', async (request: WithId) =>
    linked(await comparisons.stop(request.params.id, request.callerName), request),
  )
  registerEvents(app, comparisons, linked, mostStreams)
  app.get('/api/verdict', async (request, reply): Promise<VerdictAnswer> => {
    const { service, stable, canary, wait } = Object(request.query) as Record<string, unknown>
    const asked = {
      service: text(service, 'service'),
      stable: selector(stable, 'stable'),
      canary: selector(canary, 'canary'),
    }
    const { signal, release } = waiting(waitOf(wait), reply)
    try {
      let found = newestOf(comparisons, asked)
      while (!signal.aborted && !comparisons.closing.aborted && settledOutcome(found) === 'running') {
        await comparisons.changed(found.id, signal)
        found = newestOf(comparisons, asked)
      }
      const { id, url, state, outcome, reason, startedAt, judgedAt } = linked(found, request)
      return { id, url, verdict: settledOutcome(found), outcome, state, reason, startedAt, judgedAt }
    } finally {
      release()
    }
  })
}

/** The body, with the key of the `Idempotency-Key` header if it has no key of its own. */
function withKey({ body, headers }: FastifyRequest): unknown {
  const key = headers['idempotency-key']
  return key === undefined || typeof body !== 'object' || body === null ? body : { key, ...body }
}

/** The events of a comparison as they happen: as a stream, or as JSON for whoever asks for that. */
function registerEvents(
  app: FastifyInstance,
  comparisons: Comparisons,
  linked: (state: ComparisonState, request: FastifyRequest) => ComparisonAnswer,
  mostStreams: number,
): void {
  let streams = 0
  app.get('/api/comparisons/:id/events', async (request: WithId, reply): Promise<ComparisonEvents | undefined> => {
    const { id } = comparisons.get(request.params.id)
    const asked = { id, after: lastSeen(request), linked: (state: ComparisonState) => linked(state, request) }
    const isJson = /\bapplication\/json\b/.test(request.headers.accept ?? '')
    const waitMs = waitOf((Object(request.query) as Record<string, unknown>)['wait'])
    if (streams >= mostStreams)
      throw new ServerError(
        'unavailable',
        `${streams} clients are following comparisons, the most that this server allows: try again later`,
        {
          status: 429,
        },
      )
    streams++
    reply.raw.on('close', () => streams--)
    if (!isJson) {
      await sendEvents(comparisons, asked, reply)
      return undefined
    }
    const { signal, release } = waiting(waitMs, reply)
    try {
      return { events: await eventsSince(comparisons, asked, signal) }
    } finally {
      release()
    }
  })
}

function newestOf(comparisons: Comparisons, { service, stable, canary }: VerdictQuery): ComparisonState {
  const found = comparisons.newest({ service, stable, canary })
  if (found) return found
  throw new ServerError(
    'no-data',
    `no comparison of ${canary} with ${stable} of ${service} has been started here: POST /api/comparisons starts one`,
  )
}

/** The number of the last event that a client has seen; a browser says it when it connects again. */
function lastSeen({ headers, query }: FastifyRequest): number {
  const said = headers['last-event-id'] ?? (Object(query) as Record<string, unknown>)['after'] ?? '0'
  const number = Number(said)
  if (Number.isInteger(number) && number >= 0 && number < 2 ** 32) return number
  throw new ServerError('usage', `Last-Event-ID: expected the number of an event, got ${JSON.stringify(said)}`)
}
