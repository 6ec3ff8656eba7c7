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

/** What both cohorts of a comparison did, tick by tick. Only closed ticks are read, and test traffic is left out unless it is asked for. */
export interface TickReader {
  /** Requests, errors and latency, one operation at a time. Who warms up may become known while they are read. */
  readonly read: (comparison: Comparison, warmUp?: WarmUp | Promise<WarmUp>) => TickRead
  /** A comparison's own measures, from raw spans, tick by tick of each operation. */
  readonly measures: (comparison: Comparison, measures: readonly Measure[]) => AsyncIterable<MeasuredTick>
  /** What each instance did at the operations, in a few blocks of the window; none where instances are not known apart. */
  readonly instanceCells: (comparison: Comparison, asked: CellsAsked) => Promise<readonly InstanceCell[]>
  /** What came for ticks after they had closed, by cohort; empty where nothing did. */
  readonly late: (comparison: Comparison) => Promise<readonly LateTick[]>
  /**
   * What each instance did at the operations, tick by tick; null where instances are not known. It reads much, so it is asked
   * only when a verdict hangs on it.
   */
  readonly instances: (comparison: Comparison, asked: InstanceTicksAsked) => Promise<readonly InstanceTick[] | null>
  /** Which ticks of some services are closed, for who follows them. Where spans alone may be read, nobody knows. */
  readonly closings: (followed: readonly FollowedService[]) => Promise<readonly NewClosings[]>
  /** What services did in some closed ticks, whoever compares their builds and flags; see `cohortTicksIn`. */
  readonly rows: (asked: NewRowsAsked) => Promise<ReadonlyMap<string, readonly ClosedRow[]>>
}

/** Reads ticks of an engine, as this store may be read. */
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
