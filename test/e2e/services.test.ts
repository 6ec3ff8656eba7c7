import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inherited } from '../inherited.ts'

const root = join(import.meta.dirname, '../..')
const serverKind = 2
const bodies: OtlpRequest[] = []
const sink = http.createServer(async (req, res) => {
  bodies.push(JSON.parse(await text(req)) as OtlpRequest)
  res.setHeader('content-type', 'application/json').end('{}')
})
const running: ChildProcess[] = []

beforeAll(() => once(sink.listen(0, '127.0.0.1'), 'listening'))
afterAll(() => void sink.close().closeAllConnections())

/** Asks, marks and calls the next service from inside whatever span, context or lack of them the request names. */
const app = `
  import http from 'node:http'
  import { isTestTraffic, markFlag, markTestEntity, sendMarks, withRequestMarks } from '@coalmine/marks'
  import { context, trace } from '@opentelemetry/api'
  import { suppressTracing } from '@opentelemetry/core'

  const { NEXT, OTEL_SERVICE_NAME: service, COALMINE_VERSION: version, OTEL_SDK_DISABLED } = process.env
  if (OTEL_SDK_DISABLED) sendMarks({ to: ['127.0.0.1'], flags: ['new-pricing'], build: { service, version } })
  const none = { traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 0 }
  const inside = {
    'the span of the request': (next) => next(),
    'a new root span': (next) => trace.getTracer('app').startActiveSpan('root', { root: true }, (span) => { next(); span.end() }),
    'a suppressed context': (next) => context.with(suppressTracing(context.active()), next),
    'a non-recording span': (next) => context.with(trace.setSpan(context.active(), trace.wrapSpanContext(none)), next),
  }
  const server = http.createServer((req, res) => withRequestMarks(req, req, { trust: () => true }, () => {
    const where = decodeURIComponent(req.url.slice(1))
    inside[where](() => {
      if (service === 'edge') {
        markFlag('new-pricing', 'on')
        markTestEntity('user', '42', { run: 'load-7' })
      }
      const own = [{ service, test: isTestTraffic(), baggage: req.headers.baggage ?? '' }]
      if (!NEXT) return res.end(JSON.stringify(own))
      http.get(NEXT + req.url, async (answer) => res.end(JSON.stringify([...own, ...JSON.parse(Buffer.concat(await answer.toArray()))])))
    })
  }))
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

const places = ['the span of the request', 'a new root span', 'a suppressed context', 'a non-recording span']

describe.each<[string, Record<string, string>]>([
  ['all requests are sampled', { OTEL_TRACES_SAMPLER: 'always_on' }],
  ['none are', { OTEL_TRACES_SAMPLER: 'always_off' }],
  ['there is no SDK', { OTEL_SDK_DISABLED: 'true' }],
])('three services, when %s', (_, env) => {
  let edge = ''
  beforeAll(async () => {
    bodies.splice(0)
    const inventory = await start('inventory', '3.0.0', env)
    const shop = await start('shop', '2.0.0', { ...env, NEXT: inventory })
    edge = await start('edge', '1.0.0', { ...env, NEXT: shop })
  })
  afterAll(stop)

  if (env['OTEL_TRACES_SAMPLER'] === 'always_on')
    it('mark every span with the builds and flags that its request came through', async () => {
      await get(`${edge}/${encodeURIComponent('a new root span')}`)
      const flag = { 'coalmine.flag.new-pricing': 'on' }
      const marks: Record<string, Record<string, string>> = {
        edge: { 'service.version': '1.0.0' },
        shop: { 'service.version': '2.0.0', 'coalmine.via.edge': '1.0.0', ...flag },
        inventory: { 'service.version': '3.0.0', 'coalmine.via.edge': '1.0.0', 'coalmine.via.shop': '2.0.0', ...flag },
      }
      for (const [service, expected] of Object.entries(marks)) {
        const exported = () => spansOf(service).map(({ kind, name }) => (kind === serverKind ? 'SERVER' : name))
        await expect.poll(exported).toEqual(expect.arrayContaining(['SERVER', 'root']))
        for (const { attributes } of spansOf(service)) expect(attributes).toMatchObject(expected)
      }
    })

  it('know a test alike, and send its marker and the builds it came through, from wherever it is asked', async () => {
    const test = 'coalmine.test=true,coalmine.test.run=load-7,coalmine.test.entity=user%3A42'
    const flag = 'coalmine.flag.new-pricing=on'
    for (const place of places) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => get(`${edge}/${encodeURIComponent(place)}`)))
      for (const answer of answers) {
        expect(answer, place).toEqual([
          { service: 'edge', test: true, baggage: '' },
          { service: 'shop', test: true, baggage: `${test},coalmine.via.edge=1.0.0,${flag}` },
          {
            service: 'inventory',
            test: true,
            baggage: `${test},coalmine.via.shop=2.0.0,coalmine.via.edge=1.0.0,${flag}`,
          },
        ])
      }
    }
  })
})

/** Starts a service that believes its callers and sends its marks; gives its URL. */
async function start(service: string, version: string, env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['--import', '@coalmine/register', '--input-type=module', '--eval', app], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...inherited,
      OTEL_SERVICE_NAME: service,
      COALMINE_VERSION: version,
      COALMINE_TRUST: 'all',
      COALMINE_SEND_TO: '127.0.0.1',
      COALMINE_SEND_FLAGS: 'new-pricing',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      COALMINE_FLUSH_TIMEOUT: '100000',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
      ...env,
    },
  })
  running.push(child)
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return `http://127.0.0.1:${String(port).trim()}`
}

/** Ends the services, which export what they still have. */
async function stop(): Promise<void> {
  await Promise.all(
    running.splice(0).map((child) => {
      child.kill('SIGTERM')
      return once(child, 'exit')
    }),
  )
}

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json()
}

interface OtlpAttribute {
  readonly key: string
  readonly value: Record<string, unknown>
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly name: string; readonly kind: number; readonly attributes: OtlpAttribute[] }[]
    }[]
  }[]
}

function spansOf(service: string) {
  return bodies
    .flatMap(({ resourceSpans }) => resourceSpans)
    .filter(({ resource }) => plain(resource.attributes)['service.name'] === service)
    .flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) =>
        spans.map(({ name, kind, attributes }) => ({ name, kind, attributes: plain(resource.attributes, attributes) })),
      ),
    )
}

/** Of a span and what it has from its resource. */
function plain(...attributes: (readonly OtlpAttribute[])[]): Record<string, unknown> {
  return Object.fromEntries(attributes.flat().map(({ key, value }) => [key, Object.values(value)[0]]))
}
