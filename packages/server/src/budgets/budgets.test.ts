import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSlos, type SloAnswer, type Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conforms } from '../../../comparator/test/schema.ts'
import { type TargetServer, targetServer } from '../../test/target-server.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer
let bus: TargetServer
const warnings: string[] = []
const objective = { service: 'shop', journeys: ['GET /cart'], objective: '99.9%', latency: '300ms', name: 'cart' }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-budgets-'))
  bus = await targetServer(() => ({ status: 200 }))
  const read = readSlos([objective], undefined)
  server = await startServer({
    store: directory,
    port: 0,
    watermarkMs: 0,
    slos: read.kind === 'slos' ? read.slos : [],
    warn: (message) => warnings.push(message),
    notify: { config: { targets: { bus: { type: 'webhook', url: `${bus.url}/in` } } }, environment: {} },
  })
  await send()
})
afterAll(async () => {
  await server.close()
  await bus.close()
  await rm(directory, { recursive: true, force: true })
})

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const startMs = Math.floor((Date.now() - 240_000) / 5_000) * 5_000

/** Stable has 9 900 requests of which 5 fail, the canary 100 of which 30 are slow: a hundredth of the traffic, 300 times what may be bad. */
async function send(): Promise<void> {
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const spansOf = (build: string, count: number, isSlow: (at: number) => boolean, fails: (at: number) => boolean) => ({
    resource: { attributes: [attribute('service.name', 'shop'), attribute('service.version', build)] },
    scopeSpans: [
      {
        spans: Array.from({ length: count }, (_, at) => {
          const atMs = startMs + Math.floor((at / count) * 200_000)
          return {
            traceId: hex(16),
            spanId: hex(8),
            name: 'GET /cart',
            kind: 2,
            startTimeUnixNano: `${atMs}000000`,
            endTimeUnixNano: `${atMs + (isSlow(at) ? 500 : 20)}000000`,
            status: fails(at) ? { code: 2 } : {},
            attributes: [attribute('http.route', '/cart'), attribute('http.request.method', 'GET')],
          }
        }),
      },
    ],
  })
  const resourceSpans = [
    spansOf(
      '1.0.0',
      9_900,
      () => false,
      (at) => at % 2_000 === 1,
    ),
    spansOf(
      '2.0.0',
      100,
      (at) => at % 10 < 3,
      () => false,
    ),
  ]
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans }),
  })
  expect(response.status).toBe(200)
}

const budgets = async (path: string, body?: unknown): Promise<SloAnswer> => {
  const response = await fetch(
    server.url + path,
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  )
  return (await response.json()) as SloAnswer
}

const compared = async (more: object = {}): Promise<Verdict> =>
  (await budgets('/api/compare', {
    service: 'shop',
    stable: 'service.version=1.0.0',
    canary: 'service.version=2.0.0',
    ...more,
  })) as unknown as Verdict

describe('error budgets in a verdict', () => {
  it('are of the objectives of the server, or of those that are sent with the comparison', async () => {
    await expect.poll(async () => (await compared()).cohorts?.canary.requests).toBe(100)
    const verdict = await compared()
    expect(conforms(verdict)).toBe(true)
    expect(verdict.budget).toMatchObject([
      {
        slo: 'cart',
        operation: 'GET /cart',
        stable: { requests: 9_900, bad: 5 },
        canary: { requests: 100, bad: 30 },
        burn: { canary: 300 },
        rampLasts: null,
      },
    ])
    expect(verdict.hypotheses).toEqual([])
    const slo = [{ ...objective, name: 'strict', expect: '0.001%' }]
    const other = await compared({ slo, ramp: '10%:10m,100%' })
    expect(conforms(other)).toBe(true)
    expect(other.budget![0]!.rampLasts!.seconds).toBeGreaterThan(0)
    expect(other.hypotheses).toMatchObject([{ metric: 'error budget of strict', answer: 'refuted' }])
    expect(await compared({ slo: [] })).not.toHaveProperty('budget')
    expect(await compared({ scope: 'downstream' })).not.toHaveProperty('budget')
  })

  it('are refused with words where they are none', async () => {
    expect(await compared({ slo: [{ objective: '101%' }] })).toMatchObject({
      error: { kind: 'usage', message: expect.stringContaining('slo.0.objective: expected a share') },
    })
  })
})

describe('error budgets of a server', () => {
  it('are of its own objectives, by service and by build', async () => {
    await expect.poll(async () => (await budgets('/api/slo?service=shop')).budgets[0]?.window.requests).toBe(10_000)
    const [cart] = (await budgets('/api/slo')).budgets
    expect(cart).toMatchObject({ slo: 'cart', operation: 'GET /cart', window: { bad: 35 } })
    expect(cart!.cohorts.map(({ build, isStable, isHarmful }) => [build, isStable, isHarmful])).toEqual([
      ['1.0.0', true, false],
      ['2.0.0', false, true],
    ])
    expect(cart!.cohorts[1]!.burn.last1h.rate).toBeCloseTo(300, 5)
    expect(cart!.burn.last1h.rate).toBeCloseTo(3.5, 5)
    expect((await budgets('/api/slo?service=other')).budgets).toEqual([])
  })

  it('tell of a build that burns one too fast, and once, and stand in /metrics', async () => {
    await expect.poll(() => warnings.filter((one) => one.includes('300 times as fast'))).toHaveLength(1)
    await expect
      .poll(() => bus.asked.filter(({ text }) => text.includes('300 times as fast')).map(({ json }) => json['type']))
      .toHaveLength(1)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toContain(
      'coalmine_slo_burn{slo="cart",service="shop",operation="GET /cart",build="2.0.0",window="1h"} 300',
    )
    expect(metrics).toMatch(/coalmine_slo_budget_left\{slo="cart",service="shop",operation="GET \/cart"\} 0\.9/)
    expect(metrics).toContain('coalmine_slo_compliance{slo="cart",service="shop",operation="GET /cart"} 0.9965')
  })

  it('are of the objectives that are sent, along a ramp too, and of each operation where that is asked for', async () => {
    const slo = [
      { ...objective, name: 'errors', latency: undefined },
      { service: 'shop', objective: 0.9, journeys: 'each', name: 'each' },
      { service: 'nobody', objective: 0.9 },
    ]
    const { budgets: found } = await budgets('/api/slo', { slo, ramp: '1%:30m,100%' })
    expect(found.map(({ slo: name, operation, window }) => [name, operation, window.bad])).toEqual([
      ['errors', 'GET /cart', 5],
      ['each', 'GET /cart', 5],
      ['nobody', null, 0],
    ])
    expect(found[0]!.rampLasts).not.toBeNull()
  })

  it.each([
    [{ slo: [{ objective: '99%' }] }, 'slo.0: expected service: the service that it is for, here or at the top'],
    [{ slo: [] }, 'slo: expected'],
    [{ slo: [objective], ramp: 'slowly' }, 'ramp: expected shares with how long each stays'],
    [{ slos: [objective] }, 'slos: unknown key; did you mean slo? Expected slo, ramp'],
    [
      { slo: 'file.yaml' },
      'slo: expected a list of objectives, not the name of a file, which only the client can read',
    ],
  ])('refuse %j', async (body, message) => {
    expect(await budgets('/api/slo', body)).toMatchObject({
      error: { kind: 'usage', message: expect.stringContaining(message) },
    })
  })
})
