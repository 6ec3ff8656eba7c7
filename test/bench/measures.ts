/**
 * What does a metric of one's own cost? Half an hour of one service, five million spans: requests, each with a middleware
 * and two queries below it; a number on every request. The time is that of the whole verdict, latency and errors included.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fill, readApart, spanCount } from './compare.ts'
import type { BenchRow } from './marks.ts'

const cases = {
  'no metric of its own': {},
  'a number (attribute)': { cost: { attribute: 'app.cost' } },
  'calls per request': { queries: { calls: 'db.system.name=postgresql' } },
  'a number, a share and two kinds of calls': {
    cost: { attribute: 'app.cost' },
    secure: { share: 'url.scheme=https' },
    queries: { calls: 'db.system.name=postgresql' },
    internal: { calls: 'span.kind=internal' },
  },
}

/** Makes the spans and reads them in fresh processes; about three minutes on two cores. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    await fill(directory, generated)
    const rows: BenchRow[] = []
    for (const [name, metrics] of Object.entries(cases)) {
      const { seconds, megabytes } = await readApart(
        directory,
        'service.version=1.0.0',
        'service.version=2.0.0',
        metrics,
      )
      rows.push({
        name: `${spanCount} spans, ${name}`,
        value: `${seconds.toFixed(1)} s, ${megabytes} MB`,
        target: '< 60 s, < 1000 MB',
        ok: seconds < 60 && megabytes < 1_000,
      })
    }
    return rows
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const generated = `
  INSERT INTO otel_traces (
    Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes,
    Duration, StatusCode
  )
  SELECT
    addNanoseconds(toDateTime64({start:String}, 9, 'UTC'), 4 * Trace * {step:UInt64} + Place * 1000000),
    lower(hex(MD5(toString(Trace)))),
    lower(hex(sipHash64(number))),
    multiIf(Place = 0, '', Place = 1, lower(hex(sipHash64(number - 1))), lower(hex(sipHash64(number - Place + 1)))),
    multiIf(Place = 0, 'GET', Place = 1, 'middleware', 'SELECT'),
    multiIf(Place = 0, 'Server', Place = 1, 'Internal', 'Client'),
    'storefront',
    map('service.version', Version, 'service.instance.id', concat('storefront-', toString(Trace % 20)),
      'telemetry.sdk.name', 'opentelemetry', 'telemetry.sdk.language', 'nodejs'),
    multiIf(
      Place = 0, map('http.request.method', 'GET', 'http.route', concat('/items/', toString(sipHash64(Trace) % 50)),
        'http.response.status_code', if(Trace % 200 = 0, '500', '200'), 'url.scheme', 'https', 'server.port', '443',
        'app.cost', toString((sipHash64(Trace, 3) % 1000) / 100), 'service.version', Version,
        'coalmine.flag.new-pricing', if(Trace % 3 = 0, 'on', 'off')),
      Place = 1, map('service.version', Version),
      map('service.version', Version, 'db.system.name', 'postgresql', 'db.namespace', 'shop',
        'db.query.text', 'SELECT * FROM items WHERE id = ?')),
    toUInt64(2e7 * exp(sqrt(-2 * log((sipHash64(number, 1) % 1000003 + 1) / 1000004)) * cos(number) * 0.5)),
    if(Trace % 300 = 0 AND Place = 0, 'Error', 'Unset')
  FROM (
    SELECT
      number,
      intDiv(number, 4) AS Trace,
      number % 4 AS Place,
      if(intDiv(Trace, 20) % 2 = 0, '1.0.0', '2.0.0') AS Version
    FROM numbers({spans:UInt64}))`
