import type { Engine } from '../engine/engine.ts'
import { sinceOf, tickOf } from '../tick.ts'
import { unclosedTicks } from './closing.ts'
import { dueAtOnce, type TickKey, type TickLedger } from './tick-ledger.ts'

/** A window of the past, in milliseconds since 1970, of one service or of all. */
export interface BackFill {
  readonly startMs: number
  readonly endMs: number
  readonly service?: string | undefined
}

/** How far a back-fill went: ticks that it closed, the spans in them, and from where to go on; at the end, `endMs`. */
export interface BackFilled {
  readonly ticks: number
  readonly spans: number
  readonly untilMs: number
  readonly endMs: number
}

interface Options {
  readonly engine: Engine
  readonly ledger: TickLedger
  readonly closeDue: () => Promise<number>
  /** The last moment that a tick may end at to be closed. */
  readonly dueMs: number
}

// What one call does, so that whoever calls hears of it every few seconds.
const lookSeconds = 3600
const mostSpans = 2_000_000

/** Closes the first ticks of a window that nobody has closed, oldest first. To be called again from where it went to. */
export async function backFill(
  { startMs, endMs: askedMs, service = '' }: BackFill,
  { engine, ledger, closeDue, dueMs }: Options,
): Promise<BackFilled> {
  const from = tickOf(startMs)
  const end = tickOf(Math.min(askedMs, dueMs))
  const to = Math.min(from + lookSeconds, end)
  if (from >= to) return { ticks: 0, spans: 0, untilMs: end * 1000, endMs: end * 1000 }
  const found = await engine.read<TickKey>(unclosedTicks, { service, since: sinceOf(from), from, to })
  const keys = found.toSorted((a, b) => a.tick - b.tick)
  let spans = 0
  const after = keys.findIndex((key, index) => {
    const full = spans > 0 && spans + key.spans > mostSpans && key.tick !== keys[index - 1]?.tick
    if (!full) spans += key.spans
    return full
  })
  const some = after < 0 ? keys : keys.slice(0, after)
  for (const key of some) dueAtOnce(ledger, key)
  if (some.length > 0) await closeDue()
  const until = after < 0 ? to : keys[after]!.tick
  return { ticks: some.length, spans, untilMs: until * 1000, endMs: end * 1000 }
}
