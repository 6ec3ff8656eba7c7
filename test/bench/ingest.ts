/**
 * How fast do spans come in? Another process sends batches of 512 spans of 15 attributes over HTTP, protobuf, 64
 * requests at a time, every span an id of its own and the time of its sending, to a server that stores them, answers
 * when the engine has them, and closes their ticks meanwhile. Beside it the same rows, made once, inserted alone.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startServer } from '@coalmine/server'
import { addSpan, newSpanBatch, openStore, type Span, type Store, tickSeconds } from '@coalmine/store'
import { keyValues, protobufOf } from '../otlp.ts'
import type { BenchRow } from './marks.ts'

const spanCount = 512
const windowSeconds = 30
const atOnce = 64
const operationCount = 20
const shortWatermarkMs = 1_000
const rowsAtOnce = 20_000
const rowsRounds = 20

/** Runs both and gives the rows of the table; about a minute and a half. */
export async function run(): Promise<BenchRow[]> {
  const alone = await inDirectory(insertAlone)
  const { spansPerSecond, closedTicks, counted, late, sent } = await inDirectory(ingest)
  const ratio = spansPerSecond / alone
  return [
    {
      name: 'OTLP ingest, protobuf, decode to acknowledged, ticks closing',
      value: `${thousands(spansPerSecond)} spans/s, ${closedTicks} ticks closed`,
      target: '>= 100 000 spans/s',
      ok: spansPerSecond >= 100_000 && closedTicks > 0,
    },
    {
      name: 'over the same rows inserted alone',
      value: `${ratio.toFixed(2)} x of ${thousands(alone)} rows/s`,
      target: '>= 0.6 x',
      ok: ratio >= 0.6,
    },
    {
      name: 'acknowledged spans that closed ticks count, or that are counted as late',
      value: `${counted} + ${late} of ${sent}`,
      target: 'all',
      ok: counted + late === sent,
    },
  ]
}

async function ingest(directory: string): Promise<{
  spansPerSecond: number
  closedTicks: number
  counted: number
  late: number
  sent: number
}> {
  const { url, close } = await startServer({ store: directory, port: 0, watermarkMs: shortWatermarkMs })
  const load = fork(import.meta.filename, ['load', url], { stdio: 'inherit' })
  const [{ sent, seconds }] = (await once(load, 'message')) as [{ sent: number; seconds: number }]
  await close()
  const store = await openStore({ location: directory, watermarkMs: 0 })
  const closed = (await requestsOf(store)) / (sent / seconds) / tickSeconds
  await setTimeout(tickSeconds * 1000)
  await store.ingest.closeDue()
  const counted = await requestsOf(store)
  const late = (await store.services.doctor('storefront'))!.late
  await store.close()
  return { spansPerSecond: sent / seconds, closedTicks: Math.floor(closed), counted, late, sent }
}

async function requestsOf(store: Store): Promise<number> {
  const { values, requests } = await store.services.known('storefront')
  return requests.reduce((sum, count, index) => (values[index]!.startsWith('service.version') ? sum + count : sum), 0)
}

async function insertAlone(directory: string): Promise<number> {
  const store = await openStore({ location: directory, maxQueuedBytes: Number.POSITIVE_INFINITY })
  const batches = Array.from({ length: rowsRounds }, (_, round) => {
    const batch = newSpanBatch()
    for (let index = 0; index < rowsAtOnce; index++) addSpan(batch, spanOf(round * rowsAtOnce + index))
    return batch
  })
  const started = performance.now()
  // As long as the ingest beside it, so that merges are part of both.
  let rows = 0
  while (performance.now() - started < windowSeconds * 1000) {
    await Promise.all(batches.map((batch) => store.ingest.insert(batch)))
    rows += rowsAtOnce * rowsRounds
  }
  const seconds = (performance.now() - started) / 1000
  await store.close()
  return rows / seconds
}

// The load: one request is made once, and gets new ids and times before each sending, which costs the sender little.
async function load(url: string): Promise<void> {
  const deadline = performance.now() + windowSeconds * 1000
  const started = performance.now()
  let sent = 0
  let serial = 0
  const send = async (): Promise<void> => {
    const { body, places } = newBody()
    while (performance.now() < deadline) {
      const now = BigInt(Date.now()) * 1_000_000n
      for (const { traceId, spanId, startNs, endNs } of places) {
        serial++
        body.writeUInt32LE(serial, traceId)
        body.writeUInt32LE(serial, spanId)
        body.writeBigUInt64LE(now, startNs)
        body.writeBigUInt64LE(now + 20_000_000n + BigInt(serial % 1000) * 10_000n, endNs)
      }
      await post(`${url}/v1/traces`, body)
      sent += spanCount
    }
  }
  await Promise.all(Array.from({ length: atOnce }, send))
  const seconds = (performance.now() - started) / 1000
  process.send!({ sent, seconds }, () => process.disconnect())
}

// Not fetch, which copies the body before it sends it.
function post(url: string, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
  return new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the server answered ${response.statusCode}`))
      response.resume().once('end', resolve)
    })
      .once('error', reject)
      .end(body)
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: atOnce })

interface Place {
  readonly traceId: number
  readonly spanId: number
  readonly startNs: number
  readonly endNs: number
}

export function newBody(): { body: Buffer<ArrayBuffer>; places: Place[] } {
  const spans = Array.from({ length: spanCount }, (_, index) => {
    const { traceId, spanId, name, attributes } = spanOf(index)
    const mark = index.toString(16).padStart(4, '0')
    return {
      traceId: `ffffffff${mark}${traceId.slice(12)}`,
      spanId: `ffffffff${spanId.slice(8)}`,
      name,
      kind: 2,
      startTimeUnixNano: '1',
      endTimeUnixNano: '1',
      attributes: keyValues(attributes),
    }
  })
  const resource = { attributes: keyValues({ ...resourceAttributes, 'service.name': 'storefront' }) }
  const body = protobufOf({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'http' }, spans }] }] })
  let at = 0
  const places = spans.map(({ traceId }) => {
    const found = body.indexOf(Buffer.from(traceId, 'hex'), at)
    const startNs = body.indexOf(timeBytes, found)
    const endNs = body.indexOf(timeBytes, startNs + timeBytes.length)
    at = endNs
    return { traceId: found, spanId: found + 18, startNs, endNs }
  })
  return { body, places }
}

const timeBytes = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0])

const resourceAttributes = {
  'service.version': '1.0.0',
  'service.instance.id': 'storefront-1',
  'host.name': 'host-1',
  'telemetry.sdk.name': 'opentelemetry',
  'telemetry.sdk.language': 'nodejs',
  'telemetry.sdk.version': '3.1.1',
}

export function spanOf(index: number): Span {
  const operation = index % operationCount
  return {
    service: 'storefront',
    resource: resourceAttributes,
    scopeName: 'http',
    scopeVersion: '',
    traceId: index.toString(16).padStart(32, 'a'),
    spanId: index.toString(16).padStart(16, 'b'),
    parentSpanId: '',
    traceState: '',
    name: `GET /items/${operation}`,
    kind: 'Server',
    startNs: BigInt(Date.now()) * 1_000_000n,
    durationNs: 20_000_000n,
    attributes: {
      'http.request.method': 'GET',
      'http.route': `/items/${operation}`,
      'http.response.status_code': '200',
      'url.scheme': 'https',
      'url.path': `/items/${index}`,
      'server.address': 'shop.example',
      'server.port': '443',
      'client.address': `203.0.113.${index % 250}`,
      'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
      'network.protocol.version': '1.1',
      'service.version': index % 2 ? '2.0.0' : '1.0.0',
      'coalmine.flag.new-pricing': index % 3 ? 'on' : 'off',
      'coalmine.flag.dark-mode': 'off',
      'shop.cart.items': String(index % 9),
      'user.tier': index % 5 ? 'free' : 'gold',
    },
    status: 'Unset',
    statusMessage: '',
    events: [],
    links: [],
  }
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-bench-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en').replaceAll(',', ' ')

if (import.meta.main) {
  if (process.argv[2] === 'load') await load(process.argv[3]!)
  else console.table(await run())
}
