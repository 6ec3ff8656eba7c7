import { once } from 'node:events'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { selector, text } from '../compare/request.ts'
import { ServerError } from '../errors.ts'
import type { Comparisons } from './comparisons.ts'
import { type ComparisonState, type RunEvent, settledOutcome } from './state.ts'

type WithId = FastifyRequest<{ Params: { id: string } }>

const longestWaitMs = 60_000
// Proxies close what is silent for a minute.
const beatMs = 20_000

/** Comparisons that run: started, listed, followed, stopped; and their verdict for whoever waits for it. */
export function registerComparisons(app: FastifyInstance, comparisons: Comparisons, mostStreams: number): void {
  app.post('/api/comparisons', async ({ body }, reply) => {
    const { state, joined } = await comparisons.start(body)
    return reply
      .code(joined ? 200 : 201)
      .header('location', `/api/comparisons/${state.id}`)
      .send(state)
  })
  app.get('/api/comparisons', async () => ({ comparisons: comparisons.list() }))
  app.get('/api/comparisons/:id', async ({ params }: WithId) => ({
    ...comparisons.get(params.id),
    verdict: (await comparisons.verdict(params.id)) ?? null,
  }))
  app.post('/api/comparisons/:id/stop', async ({ params }: WithId) => comparisons.stop(params.id))
  let streams = 0
  app.get('/api/comparisons/:id/events', async (request: WithId, reply) => {
    const { id } = comparisons.get(request.params.id)
    if (streams >= mostStreams)
      throw new ServerError('unavailable', `${streams} clients follow comparisons, as many as may: try again later`, {
        status: 429,
      })
    streams++
    reply.raw.on('close', () => streams--)
    await sendEvents(comparisons, id, lastSeen(request), reply)
  })
  app.get('/api/verdict', async ({ query }, reply) => {
    const { service, stable, canary, wait } = Object(query) as Record<string, unknown>
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
      const { id, state, outcome, reason, startedAt, judgedAt } = found
      return { id, verdict: settledOutcome(found), outcome, state, reason, startedAt, judgedAt }
    } finally {
      release()
    }
  })
}

interface Asked {
  readonly service: string
  readonly stable: string
  readonly canary: string
}

function newestOf(comparisons: Comparisons, { service, stable, canary }: Asked): ComparisonState {
  const found = comparisons
    .list()
    .find((one) => one.service === service && one.stable === stable && one.canary === canary)
  if (found) return found
  throw new ServerError(
    'no-data',
    `no comparison of ${canary} with ${stable} of ${service} has been started here: POST /api/comparisons starts one`,
  )
}

/** A signal that is aborted once the time is up, or nobody waits for the answer any more. */
function waiting(waitMs: number, reply: FastifyReply): { readonly signal: AbortSignal; readonly release: () => void } {
  const over = new AbortController()
  const end = (): void => over.abort()
  const timer = setTimeout(end, waitMs)
  reply.raw.on('close', end)
  if (waitMs === 0) end()
  return {
    signal: over.signal,
    release: () => {
      clearTimeout(timer)
      reply.raw.off('close', end)
    },
  }
}

/** Such as `20s`, as the command line takes times; at most a minute, which proxies allow. */
function waitOf(wait: unknown = '0s'): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(String(wait))
  const ms = match ? Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'] : Number.NaN
  if (ms <= longestWaitMs) return ms
  throw new ServerError('usage', `wait: expected a time such as 20s, of 60s at most, got ${JSON.stringify(wait)}`)
}

/** The number of the last event that a client has seen; a browser says it when it connects again. */
function lastSeen({ headers, query }: FastifyRequest): number {
  const said = headers['last-event-id'] ?? (Object(query) as Record<string, unknown>)['after'] ?? '0'
  const number = Number(said)
  if (Number.isInteger(number) && number >= 0 && number < 2 ** 32) return number
  throw new ServerError('usage', `Last-Event-ID: expected the number of an event, got ${JSON.stringify(said)}`)
}

/** The events as server-sent events, until the comparison is over or the client is gone. */
async function sendEvents(
  comparisons: Comparisons,
  id: string,
  lastNumber: number,
  reply: FastifyReply,
): Promise<void> {
  const gone = new AbortController()
  reply.hijack()
  const { raw } = reply
  raw.on('close', () => gone.abort())
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' })
  raw.write('retry: 2000\n\n')
  const beat = setInterval(() => raw.write(': \n\n'), beatMs)
  try {
    for await (const event of comparisons.follow(id, lastNumber, gone.signal)) {
      if (!raw.write(eventText(event))) await drained(raw, gone.signal)
    }
  } finally {
    clearInterval(beat)
    raw.end()
  }
}

function eventText({ number, at, told }: RunEvent): string {
  return `id: ${number}\nevent: ${told.kind}\ndata: ${JSON.stringify({ at, ...shown(told) })}\n\n`
}

/** What clients are told: what is needed to start it again is the server's own. */
function shown(told: RunEvent['told']): object {
  switch (told.kind) {
    case 'started':
      return { state: told.state }
    case 'look':
      return told.look
    case 'outcome':
      return { ...told.look, before: told.before }
    case 'ended':
      return { ...told.look, why: told.why }
  }
}

async function drained(raw: FastifyReply['raw'], stop: AbortSignal): Promise<void> {
  await once(raw, 'drain', { signal: stop }).catch(() => undefined)
}
