import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type LoadCounts, startLoad } from './load.ts'
import { startDemoServices } from './services.ts'

interface SeenSpan {
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly marks: Record<string, unknown>
}

const serverKind = 2
const versions = { stable: '1.0.0', canary: '2.0.0' }
const seen: SeenSpan[] = []
const sink = http.createServer((req, res) => {
  let text = ''
  req.on('data', (chunk) => {
    text += chunk
  })
  req.on('end', () => {
    seen.push(...spansOf(JSON.parse(text)))
    res.setHeader('content-type', 'application/json').end('{}')
  })
})
let counts: LoadCounts
let reservations: { live: number; test: number }

beforeAll(async () => {
  await new Promise<void>((done) => void sink.listen(0, '127.0.0.1', done))
  const otlpUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`
  const services = await startDemoServices({ otlpUrl, effect: 1, seed: 7, versions })
  const stop = new AbortController()
  try {
    const load = startLoad({
      targets: [
        { url: services.stableUrl, share: 1 },
        { url: services.canaryUrl, share: 1 },
      ],
      ratePerSecond: 100,
      testShare: 0.2,
      seed: 7,
      signal: stop.signal,
    })
    await vi.waitFor(() => expect(Math.min(...load.counts.sent)).toBeGreaterThan(100), { timeout: 240_000 })
    stop.abort()
    await load.done
    counts = load.counts
    reservations = (await (await fetch(`${services.inventoryUrl}/reservations`)).json()) as typeof reservations
  } finally {
    stop.abort()
    await services.stop()
  }
})
afterAll(() => void sink.close().closeAllConnections())

it('answers every request, and exports a span of each before it ends', () => {
  expect(counts.failed).toBe(0)
  expect(counts.sent.every((sent) => sent > 100)).toBe(true)
  expect(storefront().length).toBe(counts.sent[0]! + counts.sent[1]!)
})

it('marks each build’s carts with its variant of the flag, down to the inventory', () => {
  const carts = storefront().filter((span) => span.name === 'GET /cart')
  const stocks = seen.filter((span) => span.name === 'GET /stock/:product')
  expect(carts.length).toBeGreaterThan(50)
  expect(stocks.length).toBe(carts.length)
  for (const { marks } of carts) expect(marks['coalmine.flag.new-pricing']).toBe(variantOf(marks['service.version']))
  for (const { marks } of stocks) {
    expect(marks['service.version']).toBe('1.0.0')
    expect(marks['coalmine.flag.new-pricing']).toBe(variantOf(marks['coalmine.via.storefront']))
  }
})

it('tells test traffic apart, also in the service behind, which reserves nothing live for it', () => {
  const isTest = (span: SeenSpan) => span.marks['coalmine.test'] === true && span.marks['coalmine.test.run'] === 'demo'
  expect(storefront().filter(isTest).length).toBe(counts.test)
  const reserving = seen.filter((span) => span.name === 'POST /reservations')
  const tests = reserving.filter(isTest).length
  expect(tests).toBeGreaterThan(0)
  expect(reservations).toEqual({ live: reserving.length - tests, test: tests })
})

it('leaves nothing running when the process that started it is killed', async () => {
  const script = `import { startDemoServices } from '@coalmine/demo'
    const { stableUrl } = await startDemoServices({ otlpUrl: 'http://127.0.0.1:9', effect: 0, seed: 1, versions: { stable: '1.0.0', canary: '2.0.0' } })
    console.log(stableUrl)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [url] = (await once(createInterface(parent.stdout), 'line')) as [string]
  expect((await fetch(`${url}/products`)).status).toBe(200)
  parent.kill('SIGKILL')
  await expect
    .poll(() =>
      fetch(url).then(
        () => 'answers',
        () => 'gone',
      ),
    )
    .toBe('gone')
})

function storefront(): SeenSpan[] {
  return seen.filter((span) => span.service === 'storefront' && span.kind === serverKind)
}

function variantOf(version: unknown): string {
  return version === '2.0.0' ? 'on' : 'off'
}

interface Otlp {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] }
    scopeSpans: { spans: { name: string; kind: number; attributes: OtlpAttribute[] }[] }[]
  }[]
}

interface OtlpAttribute {
  key: string
  value: Record<string, unknown>
}

function spansOf(request: Otlp): SeenSpan[] {
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, kind, attributes }) => ({
        service: String(plain(resource.attributes)['service.name']),
        name,
        kind,
        marks: { ...plain(resource.attributes), ...plain(attributes) },
      })),
    ),
  )
}

function plain(attributes: OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
