import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Engine } from './engine.ts'

/** Inserts rows into the embedded engine through files, filling one while the engine reads another. */
export interface Incoming {
  readonly insert: (rows: Uint8Array) => Promise<void>
  readonly close: () => Promise<void>
}

interface Place {
  readonly table: string
  readonly file: FileHandle
}

/**
 * Makes the files of a store.
 *
 * @param run runs a statement on the connection that inserts.
 * @param failed converts an error to the one thrown.
 */
export async function openIncoming(
  path: string,
  engine: Pick<Engine, 'read' | 'write'>,
  run: (statement: string) => Promise<void>,
  failed: (cause: unknown) => never,
): Promise<Incoming> {
  for (const table of incomingTables) await engine.write(createIncoming(table))
  const paths = await engine.read<{ table: string; file: string }>(incomingPaths)
  const all: Place[] = []
  const close = async (): Promise<void> => {
    for (const { file } of all) await file.close()
  }
  try {
    for (const { table, file } of paths) all.push({ table, file: await open(resolve(path, file), 'w') })
  } catch (error) {
    await close()
    throw error
  }
  const free = [...all]
  const asking: ((place: Place) => void)[] = []

  const take = (): Promise<Place> => {
    const place = free.shift()
    return place ? Promise.resolve(place) : new Promise((given) => asking.push(given))
  }
  const giveBack = (place: Place): void => {
    const next = asking.shift()
    if (next) next(place)
    else free.push(place)
  }

  return {
    insert: async (rows) => {
      const place = await take()
      try {
        await overwrite(place.file, rows).catch(async (cause: unknown) => {
          await place.file.truncate().catch(() => undefined)
          failed(cause)
        })
        await run(insertIncoming(place.table))
      } finally {
        giveBack(place)
      }
    },
    close,
  }
}

// Truncated last, so that its pages are reused: allocating new ones costs several times as much as filling them.
async function overwrite(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten
  await file.truncate(bytes.length)
}

/** The files through which rows reach the embedded engine, which cannot parse binary data in a statement. */
export const incomingTables = ['coalmine_incoming', 'coalmine_incoming_too'] as const

/** Uses plain strings: parsing LowCardinality ones was measured 3.5 times slower than converting them on insert. */
export const createIncoming = (table: string): string => `
  CREATE OR REPLACE TABLE ${table} (
    Timestamp DateTime64(9),
    TraceId String,
    SpanId String,
    ParentSpanId String,
    TraceState String,
    SpanName String,
    SpanKind String,
    ServiceName String,
    ResourceAttributes Map(String, String),
    ScopeName String,
    ScopeVersion String,
    SpanAttributes Map(String, String),
    Duration UInt64,
    StatusCode String,
    StatusMessage String,
    EventTimes Array(DateTime64(9)),
    EventNames Array(String),
    EventAttributes Array(Map(String, String)),
    LinkTraceIds Array(String),
    LinkSpanIds Array(String),
    LinkTraceStates Array(String),
    LinkAttributes Array(Map(String, String))
  )
  ENGINE = File(RowBinary)`

/** The paths of these tables' files, relative to the process's working directory. */
export const incomingPaths = `
  SELECT name AS table, data_paths[1] AS file
  FROM system.tables
  WHERE database = currentDatabase() AND name IN ('coalmine_incoming', 'coalmine_incoming_too')`

/** Copies the rows of one of these tables into the span table. */
export const insertIncoming = (table: string): string => `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  )
  SELECT * FROM ${table}`

/** For an engine reached over HTTP: the rows are the body of the request. */
export const insertRowBinary = (traces: string): string => `
  INSERT INTO ${traces} (
    Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes,
    Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes
  ) FORMAT RowBinary`

/** The columns are those of the table, whichever form of it the Collector's exporter made: what it has not is left out. */
export const insertJson = (logs: string): string => `
  INSERT INTO ${logs} FORMAT JSONEachRow`

/**
 * For the embedded engine, which reads rows after their statement. The token differs each time: events of one
 * millisecond may be equal, and the table would drop them as a repeated insert.
 */
export const insertJsonLines = (logs: string, lines: string, token: string): string => `
  INSERT INTO ${logs} SETTINGS input_format_skip_unknown_fields = 1, insert_deduplication_token = '${token}'
  FORMAT JSONEachRow
${lines}`
