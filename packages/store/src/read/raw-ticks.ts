import { createHash } from 'node:crypto'
import { type Comparison, type SpanParams, windowOf } from '../cohorts.ts'
import type { Engine, Params } from '../engine/engine.ts'
import { StoreError } from '../errors.ts'
import { newBatchId } from '../ingest/batch-id.ts'
import { tickSeconds } from '../ingest/span-batch.ts'
import { rawTickSizes, rawTicks } from '../queries/raw-ticks.ts'
import {
  closings,
  commitReduction,
  reducedFacts,
  reducedTicks,
  reduceTicks,
  reductions,
} from '../queries/reductions.ts'
import type { CountRow } from './counts.ts'
import { noWarmUp, type WarmUp } from './warm-up.ts'

/** Whose requests raw spans are. 'both' and 'mixed' traces belong to neither cohort alone. */
interface Whose {
  readonly cohort: 'stable' | 'canary' | 'both' | 'mixed'
  /** Test traffic in a cohort that is not chosen by its marks: it does not count there. */
  readonly test: boolean
}

/** A cell of raw spans, reduced as closing reduces them. */
export type RawTickRow = Whose & CountRow & { readonly tick: number; readonly operation: string }

/** Who they are, in a cell or in several together. */
export type RawFactRow = Whose & {
  readonly requests: number
  readonly traces: number
  readonly instances: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
}

// The reduction keeps a state for each unit; a portion of this many spans needs some 200 MB.
const portionSpans = 250_000
// Together, for one question: whoever waits longer is better told what to do.
const mostSeconds = 120

/**
 * Reduces raw spans of closed ticks, a portion of them at a time so that memory stays bounded. What came of a tick is kept
 * where that may be written, so that each is read once for a comparison however often it is looked at. Ticks of an
 * operation come in order.
 *
 * Throws a StoreError of kind `unavailable` when it takes more than two minutes.
 */
export async function* rawTickRows(
  engine: Engine,
  comparison: Comparison,
  params: SpanParams,
  warmUp: WarmUp | Promise<WarmUp>,
): AsyncGenerator<RawTickRow> {
  yield* rowsOf<RawTickRow>(engine, comparison, params, await warmUp, reducedTicks)
}

/** The same of who the cohorts are. */
export function rawFactRows(engine: Engine, comparison: Comparison, params: SpanParams): AsyncGenerator<RawFactRow> {
  return rowsOf<RawFactRow>(engine, comparison, params, noWarmUp, reducedFacts)
}

async function* rowsOf<Row extends Whose>(
  engine: Engine,
  comparison: Comparison,
  params: SpanParams,
  { builds, instances, until }: WarmUp,
  kept: string,
): AsyncGenerator<Row> {
  const asked = { service: comparison.service, builds, instances, until, ...params }
  const rows = comparison.remembers
    ? await engine.read<Row>(kept, await keep(engine, comparison, asked))
    : readRows<Row>(engine, comparison, asked)
  for await (const row of rows) yield { ...row, test: row.test && !asksForTests(row, params) }
}

async function* readRows<Row>(engine: Engine, comparison: Comparison, asked: Params): AsyncGenerator<Row> {
  const deadline = performance.now() + mostSeconds * 1000
  for await (const portion of portionsOf(engine, comparison)) {
    if (performance.now() > deadline) throw tooLong(comparison, 'name a shorter window, as with --since 10m')
    yield* await engine.read<Row>(rawTicks, { ...asked, ...portion })
  }
}

/** Reduces the ticks that it has not been reduced over; gives what is to be asked of those that are kept. */
async function keep(engine: Engine, comparison: Comparison, asked: Params): Promise<Params> {
  const { service } = comparison
  const id = createHash('sha256').update(JSON.stringify(asked)).digest().readBigUInt64LE().toString()
  const window = { service, comparison: id, ...windowOf(comparison) }
  const missing = await missingTicks(engine, window)
  const deadline = performance.now() + mostSeconds * 1000
  const [first] = missing.keys()
  const last = [...missing.keys()].at(-1)
  const unread = { ...comparison, start: (first ?? 0) * 1000, end: ((last ?? 0) + tickSeconds) * 1000 }
  for await (const { from, to } of first === undefined ? [] : portionsOf(engine, unread)) {
    const ticks = [...missing.keys()].filter((tick) => tick >= from && tick < to)
    if (ticks.length === 0) continue
    if (performance.now() > deadline) throw tooLong(comparison, 'ask again, and it goes on from here')
    const reduction = newBatchId()
    await engine.write(reduceTicks, { ...asked, comparison: id, reduction, from, to })
    const batches = ticks.map((tick) => missing.get(tick)!)
    await engine.write(commitReduction, { service, comparison: id, reduction, ticks, batches })
  }
  return window
}

/** Closed ticks that the comparison has not been reduced over, each with its closing; in order. */
async function missingTicks(engine: Engine, window: Params): Promise<Map<number, string>> {
  interface Closing {
    readonly tick: number
    readonly batch: string
  }
  const kept = new Set((await engine.read<Closing>(reductions, window)).map(({ tick, batch }) => `${tick} ${batch}`))
  const closed = await engine.read<Closing>(closings, window)
  return new Map(
    closed.filter(({ tick, batch }) => !kept.has(`${tick} ${batch}`)).map(({ tick, batch }) => [tick, batch]),
  )
}

const tooLong = ({ service }: Comparison, advice: string): StoreError =>
  new StoreError(
    'unavailable',
    `closed ticks do not tell these cohorts of ${service} apart, and reading its raw spans took more than ${mostSeconds} s; ${advice}`,
  )

/** The closed ticks of a comparison's window, as many at a time as may be reduced together: seconds since 1970. */
export async function* portionsOf(
  engine: Engine,
  comparison: Comparison,
): AsyncGenerator<{ readonly from: number; readonly to: number }> {
  const { service } = comparison
  const sizes = await engine.read<{ tick: number; spans: number }>(rawTickSizes, { service, ...windowOf(comparison) })
  for (let at = 0; at < sizes.length; ) {
    const from = sizes[at]!.tick
    let spans = 0
    let to = from
    do {
      spans += sizes[at]!.spans
      to = sizes[at]!.tick + tickSeconds
      at++
    } while (at < sizes.length && spans + sizes[at]!.spans <= portionSpans)
    yield { from, to }
  }
}

/** Whether test traffic counts in the cohort that it is in. */
export function asksForTests(
  { cohort }: Pick<Whose, 'cohort'>,
  { stableTests, canaryTests, traffic }: SpanParams,
): boolean {
  if (traffic === 'all') return true
  switch (cohort) {
    case 'stable':
      return stableTests
    case 'canary':
      return canaryTests
    case 'both':
    case 'mixed':
      return stableTests || canaryTests
  }
}
