import type { ComparisonEvent } from '@coalmine/comparator'
import { interrupted, noAnswer, notCoalmine, type Request, refusal, requestOf, type ServerAddress } from './ask.ts'
import { CoalmineError } from './coalmine-error.ts'
import { newEventReader, type ServerSentEvent } from './server-sent-events.ts'

/** What a stream is read with. */
export interface StreamOptions {
  /** The number of the last event that is known. */
  readonly after: number
  readonly signal: AbortSignal | undefined
  /** How long the first byte may take, in milliseconds: something on the way may hold all of it back. */
  readonly firstMs: number
  /** How long there may be nothing, not even the beat that the server sends every 20 s. */
  readonly silenceMs: number
  /** Told whenever something arrives. */
  readonly heard: () => void
}

/** The stream is held back: it began so long ago, and not a byte of it is here. */
export class HeldBack extends Error {}

const known: readonly string[] = ['started', 'look', 'outcome', 'ended'] satisfies ComparisonEvent['event'][]

/**
 * The events of a comparison as the server sends them, until it ends the stream or the connection breaks.
 *
 * Throws HeldBack where nothing comes through at all, and else a CoalmineError.
 */
export async function* streamOf(
  server: ServerAddress,
  path: string,
  { after, signal, firstMs, silenceMs, heard }: StreamOptions,
): AsyncGenerator<ComparisonEvent> {
  const headers = { accept: 'text/event-stream', 'last-event-id': String(after) }
  const request = requestOf(server, path, 'GET', headers)
  const cut = new AbortController()
  const stop = (): void => cut.abort()
  signal?.addEventListener('abort', stop)
  let isBegun = false
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    const timer = setTimeout(stop, isBegun ? silenceMs : firstMs)
    return work.finally(() => clearTimeout(timer))
  }
  try {
    if (signal?.aborted) throw interrupted(request)
    const response = await inTime(fetch(request.url, { headers: request.headers, signal: cut.signal }))
    if (!response.ok) throw refusal(await inTime(answerOf(response)), response.status, server, request)
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    if (!response.body || !isStream) throw notCoalmine(response.status, server, request)
    const reader = response.body.getReader()
    const [decoder, events] = [new TextDecoder(), newEventReader()]
    for (;;) {
      const { done, value } = await inTime(reader.read())
      if (done) return
      isBegun = true
      heard()
      for (const event of events.read(decoder.decode(value, { stream: true }))) {
        if (known.includes(event.event)) yield eventOf(event, request)
      }
    }
  } catch (error) {
    if (signal?.aborted) throw interrupted(request)
    if (error instanceof CoalmineError) throw error
    if (cut.signal.aborted && !isBegun) throw new HeldBack('no byte of the stream came', { cause: error })
    throw noAnswer(error, server, request)
  } finally {
    signal?.removeEventListener('abort', stop)
    // Whoever has enough of it leaves the connection to nobody.
    stop()
  }
}

function eventOf({ id, event, data }: ServerSentEvent, { method, url }: Request): ComparisonEvent {
  try {
    return { ...(JSON.parse(data) as object), id: Number(id), event } as ComparisonEvent
  } catch (cause) {
    throw new CoalmineError('malformed', { what: `event ${id} is not JSON`, where: `${method} ${url}` }, { cause })
  }
}

async function answerOf(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined)
}
