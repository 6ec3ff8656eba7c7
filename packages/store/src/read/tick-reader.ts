import type { AsRead, Comparison } from '../comparison.ts'
import type { Engine } from '../engine/engine.ts'
import { type CellsAsked, type InstanceCell, instanceCellsOf } from './instance-cells.ts'
import { type InstanceTick, type InstanceTicksAsked, instanceTicksOf } from './instance-ticks.ts'
import { type LateTick, lateTicksOf } from './late-ticks.ts'
import type { Measure } from './measures.ts'
import { type FollowedService, type NewClosings, newClosingsOf } from './new-closings.ts'
import { type ClosedRow, type NewRowsAsked, newRowsOf } from './new-rows.ts'
import { type MeasuredTick, readMeasures } from './read-measures.ts'
import { readTicks, type TickRead } from './read-ticks.ts'
import type { WarmUp } from './warm-up.ts'

/** Reads both cohorts of a comparison, tick by tick: closed ticks only, without test traffic unless it is requested. */
export interface TickReader {
  /** Requests, errors and latency, one operation at a time. The warm-up may resolve while they are read. */
  readonly read: (comparison: Comparison, warmUp?: WarmUp | Promise<WarmUp>) => TickRead
  /** A comparison's custom measures, from raw spans, tick by tick for each operation. */
  readonly measures: (comparison: Comparison, measures: readonly Measure[]) => AsyncIterable<MeasuredTick>
  /** Counts of each instance at the operations, in a few blocks of the window; empty if instances cannot be told apart. */
  readonly instanceCells: (comparison: Comparison, asked: CellsAsked) => Promise<readonly InstanceCell[]>
  /** Spans that arrived after their ticks had closed, by cohort; empty if there are none. */
  readonly late: (comparison: Comparison) => Promise<readonly LateTick[]>
  /**
   * Counts of each instance at the operations, tick by tick; null if instances are unknown. It reads a lot of data, so call
   * it only when a verdict depends on it.
   */
  readonly instances: (comparison: Comparison, asked: InstanceTicksAsked) => Promise<readonly InstanceTick[] | null>
  /** Which ticks of some services are closed, for callers that follow them; unknown if only spans can be read. */
  readonly closings: (followed: readonly FollowedService[]) => Promise<readonly NewClosings[]>
  /** Rows of closed ticks of services, independent of any comparison; see `cohortTicksIn`. */
  readonly rows: (asked: NewRowsAsked) => Promise<ReadonlyMap<string, readonly ClosedRow[]>>
}

/** A reader of an engine's ticks. */
export function tickReader(engine: Engine, asRead: AsRead): TickReader {
  return {
    read: (comparison, warmUp) => readTicks(engine, asRead(comparison), warmUp),
    measures: (comparison, measures) => readMeasures(engine, comparison, measures),
    late: (comparison) => lateTicksOf(engine, asRead(comparison)),
    instances: (comparison, asked) => instanceTicksOf(engine, asRead(comparison), asked),
    closings: (followed) => newClosingsOf(engine, followed),
    rows: (asked) => newRowsOf(engine, asked),
    instanceCells: (comparison, asked) => instanceCellsOf(engine, asRead(comparison), asked),
  }
}
