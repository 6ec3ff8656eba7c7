import type { Traces } from '../traces.ts'
import type { SpaceWatch } from './space.ts'

/** Texts that are one value, as `(a, b)`. */
export interface Tuple {
  readonly tuple: readonly string[]
}

/** Values bound to a statement's `{name:Type}` places. */
export type Params = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[] | readonly (readonly Tuple[])[]>
>

/** What the store asks of an engine, embedded or a cluster. Writes and reads do not wait for each other. */
export interface Engine {
  /** Runs a statement that changes something, and that may run twice. */
  readonly write: (statement: string, params?: Params) => Promise<void>
  /** The same for what adds up: it is never run a second time where the first may have run, though nothing was heard of it. */
  readonly writeOnce: (statement: string, params?: Params) => Promise<void>
  /** Runs a query and gives its rows. */
  readonly read: <Row>(statement: string, params?: Params) => Promise<Row[]>
  /** The same for ingest, which does not wait for the questions of others. */
  readonly readFirst: <Row>(statement: string, params?: Params) => Promise<Row[]>
  /** The same as `read`, its rows in RowBinary: a third of the time where rows hold many numbers. */
  readonly readBinary: (statement: string, params?: Params) => Promise<Uint8Array>
  /** Inserts rows of the spans' table in RowBinary, columns in its order. Done when the engine has them. */
  readonly insertSpans: (rows: Uint8Array, into: Traces) => Promise<void>
  /** Inserts rows of the log records' table, which are lines of JSON. Done when the engine has them. */
  readonly insertLogs: (lines: string, into: Traces) => Promise<void>
  /** The rows of a Parquet file, as lines of JSON: names, types, then rows from one on, each behind its number. */
  readonly parquetRows: (bytes: AsyncIterable<Uint8Array>, fromRow: number) => AsyncIterable<Uint8Array>
  /** The room on its disk, where that is this machine's. */
  readonly space?: SpaceWatch
  /** Parts of tables that it found broken as it started, and put aside: what was in them is not counted. */
  readonly putAside?: readonly string[]
  readonly close: () => Promise<void>
}
