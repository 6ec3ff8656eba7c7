import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keyValues, protobufOf } from '../../../test/otlp.ts'
import { type RunningServer, startServer } from './server.ts'

let directory: string
let server: RunningServer
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-metrics-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0 })
})
afterEach(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text()

const post = (path: string, body: string | Buffer<ArrayBuffer>, type: string): Promise<Response> =>
  fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': type } })

const start = String(BigInt(Date.now() - 60_000) * 1_000_000n)

function spansOf(build: string): Buffer<ArrayBuffer> {
  const span = {
    traceId: build.repeat(32),
    spanId: build.repeat(16),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: start,
    endTimeUnixNano: start,
    attributes: keyValues({ 'service.version': build }),
  }
  const old = { ...span, startTimeUnixNano: '1' }
  const resource = { attributes: keyValues({ 'service.name': 'cart' }) }
  return protobufOf({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: '' }, spans: [span, old] }] }] })
}

it('tells what came in, what became of it, and which ticks closed', async () => {
  expect((await post('/v1/traces', spansOf('1'), 'application/x-protobuf')).status).toBe(200)
  expect((await post('/v1/traces', '{', 'application/json')).status).toBe(400)
  await expect.poll(metrics).toContain('coalmine_ticks_closed_total 1')
  expect((await post('/v1/traces', spansOf('1'), 'application/x-protobuf')).status).toBe(200)
  const text = await metrics()
  for (const line of [
    'coalmine_ingest_requests_total{outcome="stored"} 2',
    'coalmine_ingest_requests_total{outcome="malformed"} 1',
    'coalmine_ingest_spans_total{outcome="stored"} 2',
    'coalmine_ingest_spans_total{outcome="refused"} 2',
    'coalmine_ingest_duration_seconds_count 3',
    'coalmine_ingest_late_spans_total 1',
    'coalmine_ingest_queue_bytes 0',
    'coalmine_ticks_open 0',
    'coalmine_ticks_lag_seconds 0',
  ])
    expect(text).toContain(`\n${line}\n`)
})

it('tells the last verdict of each comparison', async () => {
  const body = JSON.stringify({ service: 'cart', stable: 'service.version=1', canary: 'service.version=2' })
  expect((await post('/api/compare', body, 'application/json')).status).toBe(200)
  expect(await metrics()).toContain(
    'coalmine_verdict{service="cart",stable="service.version=1",canary="service.version=2"} 3',
  )
})
