import { type Comparison, type SpanParams, spanParams } from '../comparison.ts'
import { ofWindow } from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'
import { sinceOf, tickSeconds, windowOf } from '../tick.ts'
import { asksForTests, type RawTickRow } from './raw-rows.ts'
import { rawTicks } from './raw-ticks.ts'
import { readTicks } from './read-ticks.ts'
import { noWarmUp } from './warm-up.ts'

/** Traces that arrived after their tick had closed, so no tick counts them. `tick` is its start, in milliseconds since 1970. */
export interface LateTick {
  readonly tick: number
  readonly stable: LateCounts
  readonly canary: LateCounts
}

/** Traces of one cohort, counted at each of their operations: all so far, the late ones, and how many of those failed. */
export interface LateCounts {
  readonly traces: number
  readonly late: number
  readonly errors: number
}

// Late spans are few; if there are many, the ticks with the most are enough.
const mostTicks = 60

/**
 * Late traces of a comparison's ticks, by cohort: what raw spans hold by now beyond the counts of closed ticks. Covers the
 * ticks with the most late spans, in order. Empty if nothing came late.
 */
export async function lateTicksOf(engine: Engine, comparison: Comparison): Promise<readonly LateTick[]> {
  const { service } = comparison
  const found = await engine.read<{ tick: number }>(lateAt, { service, ...windowOf(comparison), most: mostTicks })
  const ticks = found.map(({ tick }) => tick).sort((a, b) => a - b)
  const params = spanParams(comparison)
  const all: LateTick[] = []
  for (const { from, to } of runsOf(ticks)) {
    const asked = { service, ...params, ...noWarmUp, since: sinceOf(from), from, to }
    const [rows, closed] = await Promise.all([
      engine.read<RawTickRow>(rawTicks(params), asked),
      closedCounts(engine, { ...comparison, start: from * 1000, end: to * 1000 }),
    ])
    const now = countsByTick(rows, params, comparison)
    for (const [tick, sides] of now) {
      const before = closed.get(tick) ?? noSides
      const side = (cohort: 'stable' | 'canary'): LateCounts => ({
        traces: sides[cohort].traces,
        late: Math.max(0, sides[cohort].traces - before[cohort].traces),
        errors: Math.max(0, sides[cohort].errors - before[cohort].errors),
      })
      all.push({ tick: tick * 1000, stable: side('stable'), canary: side('canary') })
    }
  }
  return all.filter(({ stable, canary }) => stable.late + canary.late > 0)
}

interface Sides {
  stable: { traces: number; errors: number }
  canary: { traces: number; errors: number }
}

const noSides: Sides = { stable: { traces: 0, errors: 0 }, canary: { traces: 0, errors: 0 } }
const newSides = (): Sides => ({ stable: { traces: 0, errors: 0 }, canary: { traces: 0, errors: 0 } })

function countsByTick(
  rows: readonly RawTickRow[],
  params: SpanParams,
  { operations }: Comparison,
): ReadonlyMap<number, Sides> {
  const ticks = new Map<number, Sides>()
  for (const row of rows) {
    const { tick, cohort, operation, traces, errors } = row
    if (cohort !== 'stable' && cohort !== 'canary') continue
    if (row.test && !asksForTests(row, params)) continue
    if (operations && !operations.includes(operation)) continue
    const side = getOrMake(ticks, tick, newSides)[cohort]
    side.traces += traces
    side.errors += errors
  }
  return ticks
}

async function closedCounts(engine: Engine, comparison: Comparison): Promise<ReadonlyMap<number, Sides>> {
  const ticks = new Map<number, Sides>()
  for await (const operation of readTicks(engine, comparison).operations)
    for (const { tick, stable, canary } of operation.ticks) {
      const sides = getOrMake(ticks, tick / 1000, newSides)
      for (const [side, counts] of [
        [sides.stable, stable],
        [sides.canary, canary],
      ] as const) {
        side.traces += counts.traces
        side.errors += counts.errors
      }
    }
  return ticks
}

/** Ticks that follow each other, together. */
function runsOf(ticks: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = []
  for (const tick of ticks) {
    const last = runs.at(-1)
    if (last?.to === tick) last.to += tickSeconds
    else runs.push({ from: tick, to: tick + tickSeconds })
  }
  return runs
}

/** The ticks of a service with the most spans that came after they had closed. */
export const lateAt: string = sql`
  SELECT toUnixTimestamp(Tick) AS tick, sum(Spans) AS spans
  FROM coalmine_late
  WHERE Service = {service:String}
    AND ${ofWindow}
  GROUP BY tick
  ORDER BY spans DESC, tick
  LIMIT {most:UInt32}`
