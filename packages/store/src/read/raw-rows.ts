import type { Comparison, SpanParams } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import type { CountRow } from './counts.ts'
import { newPatience, portionsOf, rawTicks } from './raw-ticks.ts'
import { keepReduction, reducedFacts, reducedTicks, type UnitsAsked } from './reductions.ts'
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
  const asked: UnitsAsked = { service: comparison.service, builds, instances, until, ...params }
  const rows = comparison.remembers
    ? await engine.read<Row>(kept, await keepReduction(engine, comparison, asked))
    : readRows<Row>(engine, comparison, asked)
  for await (const row of rows) yield { ...row, test: row.test && !asksForTests(row, params) }
}

async function* readRows<Row>(engine: Engine, comparison: Comparison, asked: UnitsAsked): AsyncGenerator<Row> {
  const stillPatient = newPatience(comparison, 'name a shorter window, as with --since 10m')
  for await (const portion of portionsOf(engine, comparison)) {
    stillPatient()
    yield* await engine.read<Row>(rawTicks(asked), { ...asked, ...portion })
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
