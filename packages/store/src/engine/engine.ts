import type { Traces } from '../traces.ts'
import type { SpaceWatch } from './space.ts'

/** Strings that form one tuple value, as `(a, b)`. */
export interface Tuple {
  readonly tuple: readonly string[]
}

/** Values bound to a statement's `{name:Type}` places. */
export type Params = Readonly<
  Record<string, string | number | boolean | readonly string[] | readonly number[] | readonly (readonly Tuple[])[]>
>

/** The interface of an engine, embedded or remote. Writes and reads do not wait for each other. */
export interface Engine {
  /** Runs a writing statement that is safe to run twice. */
  readonly write: (statement: string, params?: Params) => Promise<void>
  /** The same for statements that add up: never retried if the first attempt may have run, even without an answer. */
  readonly writeOnce: (statement: string, params?: Params) => Promise<void>
  /** Runs a query and resolves to its rows. */
  readonly read: <Row>(statement: string, params?: Params) => Promise<Row[]>
  /** The same for ingest, which does not wait for other queries. */
  readonly readFirst: <Row>(statement: string, params?: Params) => Promise<Row[]>
  /** Like `read`, with rows in RowBinary: takes a third of the time if rows hold many numbers. */
  readonly readBinary: (statement: string, params?: Params) => Promise<Uint8Array>
  /** Inserts rows of the spans' table in RowBinary, columns in its order. Done when the engine has them. */
  readonly insertSpans: (rows: Uint8Array, into: Traces) => Promise<void>
  /** Inserts rows of the log records' table, which are lines of JSON. Done when the engine has them. */
  readonly insertLogs: (lines: string, into: Traces) => Promise<void>
  /** The rows of a Parquet file from `fromRow`, as JSON lines: names, types, then rows, each preceded by its number. */
  readonly parquetRows: (bytes: AsyncIterable<Uint8Array>, fromRow: number) => AsyncIterable<Uint8Array>
  /** The free space on its disk, if the engine runs on this machine. */
  readonly space?: SpaceWatch
  /** Table parts found broken at startup and set aside; their contents are not counted. */
  readonly putAside?: readonly string[]
  readonly close: () => Promise<void>
}
