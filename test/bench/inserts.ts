/**
 * In which form do rows go into the embedded engine fastest? The same spans of 15 attributes as text, one JSON object a line,
 * as the client inserts objects; as text made beforehand; and as the store does it, RowBinary through a file.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addSpan, newSpanBatch, openStore, type Span } from '@coalmine/store'
import { spanOf } from './ingest.ts'
import type { BenchRow } from './marks.ts'

type ClickHouseClient = ReturnType<typeof import('@clickhouse/client')['createClient']>

const rowCount = 20_000
const roundCount = 10

/** Inserts the same rows in each form, and gives the rows of the table; about a minute. */
export async function run(): Promise<BenchRow[]> {
  const spans = Array.from({ length: rowCount }, (_, index) => spanOf(index))
  const objects = await inDirectory((directory) =>
    asText(directory, (client) =>
      client.insert({ table: 'otel_traces', values: spans.map(rowOf), format: 'JSONEachRow' }),
    ),
  )
  const lines = spans.map((span) => JSON.stringify(rowOf(span))).join('\n')
  const text = await inDirectory((directory) =>
    asText(directory, (client) => client.command({ query: `INSERT INTO otel_traces FORMAT JSONEachRow ${lines}` })),
  )
  const binary = await inDirectory((directory) => asBinary(directory, spans))
  return [
    { name: 'objects, JSONEachRow', value: rate(objects), target: '', ok: true },
    { name: 'text made beforehand, JSONEachRow', value: rate(text), target: '', ok: true },
    {
      name: 'RowBinary through a file',
      value: `${rate(binary)}, ${(binary / text).toFixed(1)} x the text`,
      target: '>= 1.5 x',
      ok: binary >= 1.5 * text,
    },
  ]
}

async function asText(directory: string, insert: (client: ClickHouseClient) => Promise<unknown>): Promise<number> {
  await (await openStore({ location: directory })).close()
  const require = createRequire(import.meta.resolve('@coalmine/store'))
  const { createClient } = require('@clickhouse/client') as typeof import('@clickhouse/client')
  const { createChdbConnection } = require('chdb/connection') as typeof import('chdb/connection')
  type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>
  const client = createClient({ connection: createChdbConnection({ path: directory }) as unknown as Connection })
  const seconds = await timed(() => insert(client))
  await client.close()
  return (rowCount * roundCount) / seconds
}

async function asBinary(directory: string, spans: readonly Span[]): Promise<number> {
  const store = await openStore({ location: directory, maxQueuedBytes: Number.POSITIVE_INFINITY })
  const batch = newSpanBatch()
  for (const span of spans) addSpan(batch, span)
  const seconds = await timed(() => store.ingest.insert(batch))
  await store.close()
  return (rowCount * roundCount) / seconds
}

async function timed(insert: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  for (let round = 0; round < roundCount; round++) await insert()
  return (performance.now() - started) / 1000
}

const rowOf = (span: Span): Record<string, unknown> => ({
  Timestamp: `${span.startNs / 1_000_000_000n}.${String(span.startNs % 1_000_000_000n).padStart(9, '0')}`,
  TraceId: span.traceId,
  SpanId: span.spanId,
  ParentSpanId: span.parentSpanId,
  TraceState: span.traceState,
  SpanName: span.name,
  SpanKind: span.kind,
  ServiceName: span.service,
  ResourceAttributes: span.resource,
  ScopeName: span.scopeName,
  ScopeVersion: span.scopeVersion,
  SpanAttributes: span.attributes,
  Duration: String(span.durationNs),
  StatusCode: span.status,
  StatusMessage: span.statusMessage,
})

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const rate = (rowsPerSecond: number): string => `${Math.round(rowsPerSecond / 1000)} 000 rows/s`

if (import.meta.main) console.table(await run())
