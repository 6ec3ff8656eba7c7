import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'
import type { ComparisonView, ViewTraces } from './view.ts'

let directory: string
let server: RunningServer
const warnings: string[] = []

let clock: number | undefined

const start = (): Promise<RunningServer> =>
  startServer({
    now: () => clock ?? Date.now(),
    store: directory,
    port: 0,
    watermarkMs: 0,
    lookEveryMs: 100,
    warn: (message) => warnings.push(message),
  })

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-views-'))
  server = await start()
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
  expect(warnings).toEqual([])
})

const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const text = (key: string, value: string) => ({ key, value: { stringValue: value } })

/** Four minutes of a shop, whose canary takes three times as long for the cart; each request asks the database once. */
function traffic(service = 'shop') {
  const requests = (build: string) => {
    const spans = Array.from({ length: 48 * 40 }, (_, index) => {
      const [traceId, spanId] = [hex(16), hex(8)]
      const at = BigInt(startMs + index * 125) * 1_000_000n
      const route = index % 2 === 0 ? '/cart' : '/products'
      const ms = (20 + ((index * 7) % 11)) * (build === '2.0.0' && route === '/cart' ? 3 : 1)
      const times = { startTimeUnixNano: String(at), endTimeUnixNano: String(at + BigInt(ms) * 1_000_000n) }
      const attributes = [text('http.route', route), text('http.request.method', 'GET')]
      return [
        { traceId, spanId, name: `GET ${route}`, kind: 2, ...times, attributes },
        {
          traceId,
          spanId: hex(8),
          parentSpanId: spanId,
          name: 'SELECT',
          kind: 3,
          ...times,
          startTimeUnixNano: String(at + 500_000n),
          attributes: [text('db.query.summary', 'SELECT products')],
        },
      ]
    }).flat()
    // The inventory answers one request of each trace, and fails for the canary; a gateway had called before.
    const others = ['inventory', 'gateway'].map((other) => ({
      resource: { attributes: [text('service.name', `${other} of ${service}`)] },
      scopeSpans: [
        {
          spans: spans
            .filter(({ kind }) => kind === 2)
            .map(({ traceId, startTimeUnixNano, endTimeUnixNano }) => ({
              traceId,
              spanId: hex(8),
              parentSpanId: hex(8),
              name: `GET /${other}`,
              kind: 2,
              startTimeUnixNano: String(BigInt(startTimeUnixNano) + (other === 'gateway' ? -1_000_000n : 1_000_000n)),
              endTimeUnixNano,
              ...(other === 'inventory' && build === '2.0.0' && { status: { code: 2 } }),
            })),
        },
      ],
    }))
    const attributes = [
      text('service.name', service),
      text('service.version', build),
      text('service.instance.id', `${build}-a`),
    ]
    return [{ resource: { attributes }, scopeSpans: [{ spans }] }, ...others]
  }
  return { resourceSpans: [...requests('1.0.0'), ...requests('2.0.0')] }
}

const body = { service: 'shop', stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }

async function post<Answer>(path: string, sent: unknown): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sent),
  })
  expect(response.ok, await response.clone().text()).toBe(true)
  return (await response.json()) as Answer
}

async function get<Answer>(path: string): Promise<Answer> {
  return (await (await fetch(`${server.url}${path}`)).json()) as Answer
}

it('shows what is beside a verdict, one operation at a time, and the same after a restart', async () => {
  await post('/v1/traces', traffic())
  const { id } = await post<{ id: string }>('/api/comparisons', body)
  await expect.poll(async () => (await get<{ state: string }>(`/api/comparisons/${id}`)).state).toBe('ended')
  const { verdict } = await get<{ verdict: { verdict: string; window: { end: string } } }>(`/api/comparisons/${id}`)
  expect(verdict.verdict).toBe('fail')

  const view = await get<ComparisonView>(`/api/comparisons/${id}/charts`)
  expect(view.until).toBe(verdict.window.end)
  expect(view.charts?.operations.map(({ operation, decision }) => [operation, decision])[0]).toEqual([
    'GET /cart',
    'fail',
  ])
  expect(view.charts?.scopes.map(({ operation }) => operation)).toEqual([null])
  expect(view.charts?.evidence.harmAt).not.toBeNull()
  expect(view.calls?.map(({ operation, canary }) => [operation, canary.requests])).toEqual([['SELECT products', 1920]])
  expect(
    view.downstream?.map(({ service, operation, stable, canary }) => [
      service,
      operation,
      [stable.requests, stable.errors],
      [canary.requests, canary.errors],
    ]),
  ).toEqual([['inventory of shop', 'GET /inventory', [1920, 0], [1920, 1920]]])
  expect(view.traces?.canary[0]?.spans.map(({ name, kind }) => [name, kind])).toEqual([
    ['GET /gateway', 'server'],
    ['GET /cart', 'server'],
    ['SELECT', 'client'],
    ['GET /inventory', 'server'],
  ])
  const cart = await get<ComparisonView>(`/api/comparisons/${id}/charts?operation=GET%20%2Fcart`)
  expect(cart.charts?.scopes.map(({ operation }) => operation)).toEqual(['GET /cart'])

  await expect
    .poll(async () => {
      await server.close()
      server = await start()
      return (await get<ComparisonView>(`/api/comparisons/${id}/charts?operation=*`)).charts?.scopes.length
    })
    .toBe(3)
  expect(await get(`/api/comparisons/${id}/charts`)).toEqual(view)
})

it('finds traces of both cohorts where somebody asks for some, at one operation or at any', async () => {
  const [{ id }] = (await get<{ comparisons: { id: string }[] }>('/api/comparisons')).comparisons as [{ id: string }]
  const products = await get<ViewTraces>(`/api/comparisons/${id}/traces?operation=GET%20%2Fproducts`)
  for (const traces of [products.stable, products.canary]) {
    expect(traces).toHaveLength(3)
    expect(traces.flatMap(({ spans }) => spans.map(({ name }) => name)).filter((name) => name === 'GET /cart')).toEqual(
      [],
    )
    expect(traces[0]!.spans.length).toBe(4)
    expect(traces[0]!.seconds).toBeGreaterThan(0.02)
  }
  const any = await get<ViewTraces>(`/api/comparisons/${id}/traces`)
  expect(any.canary[0]!.spans.some(({ name }) => name === 'GET /cart')).toBe(true)
  expect((await fetch(`${server.url}/api/comparisons/${id}/traces?operation=a&operation=b`)).status).toBe(400)
})

it('answers one look with its charts', async () => {
  const { verdict, view } = await post<{ verdict: { verdict: string }; view: ComparisonView }>('/api/charts', body)
  expect(verdict.verdict).toBe('fail')
  expect(view.charts?.scopes).toHaveLength(3)
})

it('what was looked at before there was anything to compare is not what is kept of the verdict', async () => {
  // Spans have come, and their ticks are not to close yet.
  clock = startMs
  await post('/v1/traces', traffic('early'))
  const { id } = await post<{ id: string }>('/api/comparisons', { ...body, service: 'early', waitMs: 3_600_000 })
  const charts = async () => (await get<ComparisonView>(`/api/comparisons/${id}/charts`)).charts
  const outcome = async () => (await get<{ outcome: string }>(`/api/comparisons/${id}`)).outcome
  await expect.poll(outcome).toBe('invalid')
  expect(await charts()).toBeNull()
  clock = startMs + 300_000
  await expect.poll(outcome).toBe('fail')
  expect((await charts())?.evidence.harmAt).not.toBeNull()
  await expect.poll(async () => (await get<{ state: string }>(`/api/comparisons/${id}`)).state).toBe('ended')
  expect((await charts())?.evidence.harmAt).not.toBeNull()
})
