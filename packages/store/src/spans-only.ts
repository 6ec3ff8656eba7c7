import type { Engine, Params } from './engine/engine.ts'
import { StoreError } from './errors.ts'
import { tickSeconds } from './ingest/span-batch.ts'
import { inlined } from './queries/inlined.ts'
import type { Traces } from './traces.ts'

interface Options {
  readonly traces: Traces
  readonly watermarkMs: number
  readonly now: () => number
}

/** How far back is looked where nobody says from when: reading everything that a cluster keeps could take an hour. */
export const lookBackSeconds = 86_400

/** An engine for who may read the spans and nothing else: it answers as if their ticks had closed when they should. */
export function readingSpansOnly(engine: Engine, { traces, watermarkMs, now }: Options): Engine {
  const refused = async (): Promise<never> => {
    throw new StoreError('unavailable', 'this store is read only: it has no tables of coalmine')
  }
  const windowed = (params: Params = {}): Params => {
    const closedTo = Math.floor((now() - watermarkMs) / 1000 / tickSeconds) * tickSeconds
    const from = Number(params['from'] ?? 0) || Math.max(0, closedTo - lookBackSeconds)
    return { service: '', ...params, from, to: Number(params['to'] ?? closedTo), closedTo }
  }
  return {
    ...engine,
    read: (statement, params) => engine.read(inlined(statement, traces), windowed(params)),
    readBinary: (statement, params) => engine.readBinary(inlined(statement, traces), windowed(params)),
    write: refused,
    insertSpans: refused,
    insertLogs: refused,
  }
}
