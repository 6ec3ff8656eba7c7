import { once } from 'node:events'
import type { ComparisonAnswer, ComparisonEvent, ComparisonState } from '@coalmine/comparator'
import type { FastifyReply } from 'fastify'
import type { Comparisons } from './comparisons.ts'
import type { RunEvent } from './state.ts'

// Proxies close what is silent for a minute, and clients of ours take it for dead.
const beatMs = 20_000

/** A state with the link to its page. */
export type Linked = (state: ComparisonState) => ComparisonAnswer

/** Which events of a comparison are asked for. */
export interface EventsAsked {
  readonly id: string
  /** The number of the last event that the client has. */
  readonly after: number
  readonly linked: Linked
}

/** The events as server-sent events, until the comparison is over or the client is gone. */
export async function sendEvents(
  comparisons: Comparisons,
  { id, after, linked }: EventsAsked,
  reply: FastifyReply,
): Promise<void> {
  const gone = new AbortController()
  reply.hijack()
  const { raw } = reply
  raw.on('close', () => gone.abort())
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    // What packs an answer holds back what there is of it.
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  raw.write('retry: 2000\n\n')
  const beat = setInterval(() => raw.write(': \n\n'), beatMs)
  try {
    for await (const event of comparisons.follow(id, after, gone.signal)) {
      if (!raw.write(eventText(eventOf(event, linked)))) await drained(raw, gone.signal)
    }
  } finally {
    clearInterval(beat)
    raw.end()
  }
}

/**
 * The events after a number as one answer, for whoever is behind something that holds streams back: those that are there, or
 * the next one, as soon as there is one.
 */
export async function eventsSince(
  comparisons: Comparisons,
  { id, after, linked }: EventsAsked,
  stop: AbortSignal,
): Promise<readonly ComparisonEvent[]> {
  const enough = new AbortController()
  const found: ComparisonEvent[] = []
  for await (const event of comparisons.follow(id, after, AbortSignal.any([stop, enough.signal]))) {
    found.push(eventOf(event, linked))
    // What else there is comes with it; nothing more is waited for.
    enough.abort()
  }
  return found
}

function eventText({ id, event, ...data }: ComparisonEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** What clients are told: what is needed to start it again is the server's own. */
function eventOf({ number: id, at, told }: RunEvent, linked: Linked): ComparisonEvent {
  switch (told.kind) {
    case 'started':
      return { event: 'started', id, at, state: linked(told.state) }
    case 'look':
      return { event: 'look', id, at, ...told.look }
    case 'outcome':
      return { event: 'outcome', id, at, ...told.look, before: told.before }
    case 'ended':
      return { event: 'ended', id, at, ...told.look, why: told.why }
  }
}

async function drained(raw: FastifyReply['raw'], stop: AbortSignal): Promise<void> {
  await once(raw, 'drain', { signal: stop }).catch(() => undefined)
}
