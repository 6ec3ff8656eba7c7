import { once } from 'node:events'
import type { ComparisonAnswer, ComparisonEvent, ComparisonState } from '@coalmine/comparator'
import type { FastifyReply } from 'fastify'
import type { Comparisons } from './comparisons.ts'
import type { RunEvent } from './state.ts'

// Proxies close connections that are silent for a minute, and our clients consider them dead.
const beatMs = 20_000

/** A state with the link to its page. */
export type Linked = (state: ComparisonState) => ComparisonAnswer

/** A request for the events of a comparison. */
export interface EventsAsked {
  readonly id: string
  /** The number of the last event that the client has. */
  readonly after: number
  readonly linked: Linked
}

/** Sends the events as server-sent events, until the comparison is over or the client is gone. */
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
    // Compression would hold events back.
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
 * Returns the events after a number as one answer, for clients behind proxies that hold streams back: the existing ones, or
 * the next one as soon as it happens.
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
    // Include other events that are ready, but wait for no more.
    enough.abort()
  }
  return found
}

function eventText({ id, event, ...data }: ComparisonEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** The client's form of an event, without what only the server needs for a restart. */
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
