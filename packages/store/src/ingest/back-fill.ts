import type { Engine } from '../engine/engine.ts'
import { sinceOf, tickOf } from '../tick.ts'
import { unclosedTicks } from './closing.ts'
import { dueAtOnce, type TickKey, type TickLedger } from './tick-ledger.ts'

/** A past window, in milliseconds since 1970, of one service or of all. */
export interface BackFill {
  readonly startMs: number
  readonly endMs: number
  readonly service?: string | undefined
}

/** Progress of a back-fill: ticks closed, the spans in them, and where to continue; `endMs` once it is done. */
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
  /** Only ticks that end at or before this time are closed. */
  readonly dueMs: number
}

// Limits the work of one call, so that the caller can report progress every few seconds.
const lookSeconds = 3600
const mostSpans = 2_000_000

/** Closes the first unclosed ticks of a window, oldest first. Call it again from where it stopped. */
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
