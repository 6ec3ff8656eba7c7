import { type Comparison, type SpanParams, windowOf } from '../cohorts.ts'
import type { Engine } from '../engine/engine.ts'
import { TICK_SECONDS } from '../ingest/span-batch.ts'
import { rawTickSizes, rawTicks } from '../queries/raw-ticks.ts'
import type { CountRow } from './counts.ts'
import type { WarmUp } from './warm-up.ts'

/** A cell of raw spans, reduced as closing reduces them. 'both' and 'mixed' traces belong to neither cohort alone. */
export type RawTickRow = CountRow & {
  readonly tick: number
  readonly operation: string
  readonly cohort: 'stable' | 'canary' | 'both' | 'mixed'
  /** Test traffic in a cohort that is not chosen by its marks: it does not count there. */
  readonly test: boolean
  readonly instances: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
}

// The reduction keeps a state for each unit; a portion of this many spans needs some 200 MB.
const PORTION_SPANS = 250_000

/** Reduces raw spans of closed ticks, a portion of them at a time so that memory stays bounded. Ticks come in order. */
export async function* rawTickRows(
  engine: Engine,
  comparison: Comparison,
  params: SpanParams,
  { builds, instances, until }: WarmUp,
): AsyncGenerator<RawTickRow> {
  const { service } = comparison
  for await (const portion of portionsOf(engine, comparison))
    for (const row of await engine.read<RawTickRow>(rawTicks, {
      service,
      builds,
      instances,
      until,
      ...portion,
      ...params,
    }))
      yield { ...row, test: row.test && !asksForTests(row, params) }
}

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
      to = sizes[at]!.tick + TICK_SECONDS
      at++
    } while (at < sizes.length && spans + sizes[at]!.spans <= PORTION_SPANS)
    yield { from, to }
  }
}

/** Whether test traffic counts in the cohort that it is in. */
export function asksForTests(
  { cohort }: Pick<RawTickRow, 'cohort'>,
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
