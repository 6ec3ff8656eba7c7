import type { Engine } from './engine/engine.ts'
import { knownServices, knownValues, openSpans } from './queries/known.ts'
import { formatSelector } from './selector.ts'

/** What the store has seen, for whoever asked for something that it has not. Most spans or requests first. */
export interface Known {
  readonly services: readonly string[]
  /** Builds and flag variants of the service that was asked for, as selectors, from closed ticks. */
  readonly values: readonly string[]
  /** How many requests each of `values` had. */
  readonly requests: readonly number[]
  /** When each of `values` was seen first, in seconds since 1970. */
  readonly first: readonly number[]
  /** Ticks of that service that are not closed yet, and the spans stored in them. */
  readonly open: {
    readonly ticks: number
    readonly spans: number
    /** Some of them should have closed long ago: no server closes the ticks of this store. */
    readonly unattended?: boolean
  }
}

/** Services that have spans since a second, and a service's builds and flag variants: at most 100 of each. */
export async function known(engine: Engine, service: string, open: Known['open'], fromSeconds: number): Promise<Known> {
  const services = await engine.read<{ service: string }>(knownServices, { from: fromSeconds })
  const values = await engine.read<{ key: string; value: string; requests: number; first: number }>(knownValues, {
    service,
  })
  return {
    services: services.map((row) => row.service),
    values: values.map(({ key, value }) => formatSelector([{ from: 'span', key, value }])),
    requests: values.map(({ requests }) => requests),
    first: values.map(({ first }) => first),
    open,
  }
}

// A server that is there closes a tick within a minute of its watermark.
const unattendedMs = 120_000

/** Spans of a service since a second that no closed tick counts yet, whoever stored them. */
export async function openOf(
  engine: Engine,
  service: string,
  fromSeconds: number,
  nowMs: number,
): Promise<Known['open']> {
  interface Row {
    readonly ticks: number
    readonly spans: number
    readonly firstMs: number
  }
  const [row] = await engine.read<Row>(openSpans, { service, from: fromSeconds })
  const { ticks, spans, firstMs } = row!
  return { ticks, spans, unattended: spans > 0 && firstMs < nowMs - unattendedMs }
}
