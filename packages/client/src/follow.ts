import type { ComparisonEvent } from '@coalmine/comparator'
import { isEvents, isJudged } from './answers.ts'
import { ask, interrupted, requestOf, type ServerAddress } from './ask.ts'
import { mayPass } from './coalmine-error.ts'
import { newRetries, type Retries } from './retries.ts'
import { HeldBack, streamOf } from './stream.ts'

/** How a comparison is followed. Times are milliseconds. */
export interface FollowOptions {
  /** The number of the last event that is known; all of them come unless given. */
  readonly after?: number
  readonly signal?: AbortSignal | undefined
  /** How long a server may be away before it is given up; 2 min unless given. */
  readonly patienceMs?: number | undefined
  /** How long an answer may take that is no stream; 30 s unless given. */
  readonly timeoutMs?: number | undefined
  /** How long the first byte of a stream may take before events are asked for one answer at a time; 10 s unless given. */
  readonly firstMs?: number | undefined
  /** How long a stream may be silent before it is taken for dead; 60 s unless given. */
  readonly silenceMs?: number | undefined
}

/**
 * The events of a comparison until it is over, each once and in order, as long as that takes. Where the connection breaks, or
 * the server is started again, it goes on after the last event that came; where something on the way holds streams back, or
 * cuts them before the first event, it asks for one answer at a time.
 *
 * Throws a CoalmineError where the server refuses, is away for longer than `patienceMs`, or the signal is aborted.
 *
 * @example for await (const { event } of follow({ url: 'http://127.0.0.1:4318' }, '5d1c0f')) console.log(event)
 */
export async function* follow(
  server: ServerAddress,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<ComparisonEvent, void> {
  const { after = 0, signal, patienceMs = 120_000, timeoutMs = 30_000, firstMs = 10_000, silenceMs = 60_000 } = options
  const path = `/api/comparisons/${encodeURIComponent(id)}`
  const retries = newRetries(patienceMs, signal)
  let last = after
  // Streams in a row of which no event came through.
  let fruitless = 0
  for (;;) {
    let came = 0
    try {
      const events =
        fruitless >= mostFruitless
          ? pollOf(server, path, last, timeoutMs, signal, retries)
          : streamOf(server, `${path}/events`, { after: last, signal, firstMs, silenceMs, heard: retries.heard })
      for await (const event of events) {
        if (event.id <= last) continue
        last = event.id
        came++
        if (fruitless < mostFruitless) fruitless = 0
        yield event
        if (event.event === 'ended') return
      }
      if (came === 0) fruitless++
      // The end of a comparison may have come before.
      if (came === 0 && (await isOver(server, path, timeoutMs, signal))) return
      await retries.wait()
    } catch (error) {
      if (error instanceof HeldBack) {
        fruitless = mostFruitless
        continue
      }
      if (!mayPass(error)) throw error
      if (came === 0) fruitless++
      await retries.wait(error)
    }
    if (signal?.aborted) throw interrupted(requestOf(server, path, 'GET'))
  }
}

const pollMs = 20_000
// Something on the way cuts them before the first event.
const mostFruitless = 3

async function* pollOf(
  server: ServerAddress,
  path: string,
  after: number,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  retries: Retries,
): AsyncGenerator<ComparisonEvent> {
  const route = `${path}/events?after=${after}&wait=${pollMs / 1_000}s`
  const { events } = await ask(server, route, isEvents, { signal, timeoutMs: pollMs + timeoutMs })
  retries.heard()
  yield* events
}

async function isOver(
  server: ServerAddress,
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { state } = await ask(server, path, isJudged, { signal, timeoutMs })
  return state === 'ended'
}
