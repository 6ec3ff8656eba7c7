import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  exporterColumns,
  exporterLogColumns,
  exporterLogTable,
  exporterTables,
  forms,
  logForms,
} from '../test/collector-tables.ts'
import { evaluationOf } from '../test/log-records.ts'
import { batchOf, firstStart, ofYesterday, spanOf } from '../test/spans.ts'
import { openEmbedded } from './engine/embedded.ts'
import type { Span } from './ingest/span-row.ts'
import { openStore, type Store } from './store.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-collector-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const comparison = { service: 'storefront', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

/** What both ways are given: two builds, errors of three kinds, a call below a request, attributes that are no text. */
const spans: readonly Span[] = Array.from({ length: 40 }, (_, index) => {
  const canary = index % 2 === 1
  const request = spanOf({
    atMs: index * 200,
    durationNs: BigInt(10_000_000 + index * 1_000_000),
    resource: {
      'service.name': 'storefront',
      'service.version': canary ? '2.0.0' : '1.0.0',
      'service.instance.id': `pod-${index % 3}`,
    },
    attributes: {
      'http.route': '/cart',
      'http.request.method': 'GET',
      'http.response.status_code': index % 7 === 0 ? '503' : index % 5 === 0 ? '404' : '200',
      'coalmine.flags': canary ? 'new-pricing=on' : 'new-pricing=off',
      ...(index % 11 === 0 && { 'coalmine.test': 'true' }),
      'cart.sizes': '[1,2.5,"x"]',
      'cart.total': '12.5',
    },
    status: index % 9 === 0 ? 'Error' : 'Unset',
    events: index % 9 === 0 ? [{ timeNs: 1n, name: 'exception', attributes: { 'exception.type': 'Timeout' } }] : [],
  })
  const call = spanOf({
    atMs: index * 200 + 1,
    traceId: request.traceId,
    parentSpanId: request.spanId,
    name: 'SELECT',
    kind: 'Client',
    resource: request.resource,
    attributes: { 'db.system.name': 'postgresql' },
  })
  return [request, call]
}).flat()

/**
 * A row as the exporter writes it: attributes as texts, no parent as an empty one. Kinds and codes were spelled as in
 * the protocol, `SPAN_KIND_SERVER`, until August 2024.
 */
function rowOf(span: Span, spelling: 'now' | 'then', columns: Readonly<Record<string, string>>): string {
  const spelled = (word: string, then: string) => (spelling === 'now' ? word : `${then}_${word.toUpperCase()}`)
  const row: Readonly<Record<string, unknown>> = {
    Timestamp: `${new Date(Number(span.startNs / 1_000_000n)).toISOString().replace('T', ' ').slice(0, 23)}000000`,
    TraceId: span.traceId,
    SpanId: span.spanId,
    ParentSpanId: span.parentSpanId,
    TraceState: span.traceState,
    SpanName: span.name,
    SpanKind: spelled(span.kind, 'SPAN_KIND'),
    ServiceName: span.service,
    ResourceAttributes: span.resource,
    ScopeName: span.scopeName,
    ScopeVersion: span.scopeVersion,
    SpanAttributes: span.attributes,
    Duration: Number(span.durationNs),
    StatusCode: spelled(span.status, 'STATUS_CODE'),
    StatusMessage: span.statusMessage,
    'Events.Timestamp': span.events.map(() => ofYesterday('2026-11-20 12:00:00.000000000')),
    'Events.Name': span.events.map(({ name }) => name),
    'Events.Attributes': span.events.map(({ attributes }) => attributes),
    'Links.TraceId': [],
    'Links.SpanId': [],
    'Links.TraceState': [],
    'Links.Attributes': [],
  }
  return JSON.stringify(Object.fromEntries(Object.keys(columns).map((name) => [name, row[name]])))
}

/** What a store answers of the comparison, from closed ticks and from raw spans. */
async function answers(store: Store): Promise<unknown> {
  const { operations } = store.ticks.read(comparison)
  const ticks = []
  for await (const operation of operations) ticks.push(operation)
  return {
    ticks,
    facts: await store.cohorts.facts(comparison),
    sample: await store.spans.sample(comparison, { ticksMs: [firstStart, firstStart + 5_000], oneIn: 1 }),
    flags: await store.cohorts.flagShares(comparison),
    doctor: await store.services.doctor('storefront'),
  }
}

async function closedAnswers(): Promise<unknown> {
  const store = await openStore({ location: directory, watermarkMs: 0, now: () => firstStart + 3_600_000 })
  try {
    if ((await store.services.known()).services.length === 0) await store.ingest.insert(batchOf(...spans))
    await store.ingest.closeDue()
    return await answers(store)
  } finally {
    await store.close()
  }
}

const written = async (form: keyof typeof forms): Promise<void> => {
  const engine = await openEmbedded(directory, async ({ write }) => {
    for (const statement of exporterTables(forms[form])) await write(statement)
  })
  const { columns } = forms[form]
  const names = Object.keys(columns).join(', ')
  // A table may have rows of an exporter that has been brought up to date since.
  const rows = spans.map((span, index) => rowOf(span, index % 4 < 2 ? 'now' : 'then', columns)).join('\n')
  await engine.write(`INSERT INTO otel_traces (${names}) FORMAT JSONEachRow ${rows}`)
  await engine.close()
}

it("has the exporter's columns, of its types and in its order", async () => {
  await (await openStore({ location: directory })).close()
  const engine = await openEmbedded(directory, async () => {})
  const columnsOf = async (table: string): Promise<readonly (readonly [string, string])[]> => {
    const columns = await engine.read<{ name: string; type: string }>(`DESCRIBE TABLE ${table}`)
    return columns.map(({ name, type }) => [name, type])
  }
  expect(await columnsOf('otel_traces')).toEqual(Object.entries(exporterColumns))
  expect(await columnsOf('otel_logs')).toEqual(Object.entries(exporterLogColumns))
  await engine.close()
})

it('adds evaluations to the log records of the exporter, whichever form, and tells of both', async () => {
  for (const form of ['newest', 'no event name', 'no time'] as const) {
    await rm(directory, { recursive: true })
    const engine = await openEmbedded(directory, async ({ write }) => {
      for (const statement of exporterTables(forms.newest)) await write(statement)
      await write(exporterLogTable(logForms[form]))
      await write(
        ofYesterday(`INSERT INTO otel_logs (Timestamp, ServiceName, Body, LogAttributes) VALUES
        ('2026-11-20 12:00:00', 'storefront', 'plain', map()),
        ('2026-11-20 12:00:01', 'storefront', '', map('feature_flag.key', 'new-pricing'))`),
      )
    })
    await engine.close()
    const store = await openStore({ location: directory })
    await store.ingest.insertLogs([evaluationOf({ body: 'why' })])
    expect((await store.services.doctor('storefront'))!.evaluations, form).toMatchObject([
      { flag: 'new-pricing', evaluations: 2, providers: ['unleash'], lastMs: firstStart + 1_000 },
    ])
    await store.close()
  }
})

it('answers of what the exporter wrote as of the same spans over OTLP, whichever form and spelling', async () => {
  const own = await closedAnswers()
  expect(own).toMatchObject({
    facts: { canary: { requests: 18 } },
    ticks: [{ operation: 'GET /cart' }],
  })
  for (const form of ['newest', 'timestamp key', 'signed durations'] as const) {
    await rm(directory, { recursive: true })
    await written(form)
    expect(await closedAnswers(), form).toEqual(own)
  }
})

it('says what is missing of a table that it cannot read', async () => {
  await written('no scope')
  await expect(openStore({ location: directory })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringMatching(/table otel_traces has no column ScopeName: .*exporter of today/),
  })
  await rm(directory, { recursive: true })
  await written('json')
  await expect(openStore({ location: directory })).rejects.toMatchObject({
    kind: 'unavailable',
    message: expect.stringContaining('ResourceAttributes that is of type JSON'),
  })
})
