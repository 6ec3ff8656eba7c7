import type { Comparison, SpanParams } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import type { CountRow } from './counts.ts'
import { newPatience, portionsOf, rawTicks } from './raw-ticks.ts'
import { keepReduction, reducedFacts, reducedTicks, type UnitsAsked } from './reductions.ts'
import { noWarmUp, type WarmUp } from './warm-up.ts'

/** The cohort of requests in raw spans. 'both' and 'mixed' traces belong to neither cohort. */
interface Whose {
  readonly cohort: 'stable' | 'canary' | 'both' | 'mixed'
  /** Test traffic in a cohort that does not select tests; it does not count. */
  readonly test: boolean
}

/** One operation and cohort in one tick, reduced from raw spans as closing does. */
export type RawTickRow = Whose & CountRow & { readonly tick: number; readonly operation: string }

/** Facts about a cohort's requests, in one tick or several. */
export type RawFactRow = Whose & {
  readonly requests: number
  readonly traces: number
  readonly instances: readonly string[]
  readonly firstMs: number
  readonly lastMs: number
}

/**
 * Reduces raw spans of closed ticks, a portion at a time so that memory stays bounded. If the store may be written to, the results
 * are stored, so that each tick is read only once per comparison, however often it is looked at. Ticks of an operation come in order.
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

/** The same for facts about the cohorts. */
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
