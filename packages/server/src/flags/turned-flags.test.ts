import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FlagsAnswer } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TargetServer, targetServer } from '../../test/target-server.ts'
import type { JudgedChange } from '../changes/routes.ts'
import { type RunningServer, startServer } from '../server.ts'

const minute = 60_000
const startMs = Math.floor((Date.now() - 250 * minute) / (5 * minute)) * 5 * minute
const bannerMs = startMs + 210 * minute
const pricingMs = startMs + 220 * minute
let directory: string
let server: RunningServer
let bus: TargetServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-turned-'))
  bus = await targetServer(() => ({ status: 200 }))
  server = await startServer({
    store: directory,
    port: 0,
    watermarkMs: 0,
    lookEveryMs: 100,
    warn: console.error,
    notify: {
      config: {
        targets: { bus: { type: 'webhook', url: `${bus.url}/in` } },
        services: { shop: { owner: 'team banner' } },
      },
      environment: {},
    },
  })
  const turn = {
    kind: 'flag',
    flag: 'pricing',
    what: 'on for half',
    author: 'maria',
    at: new Date(pricingMs).toISOString(),
  }
  const headers = { 'content-type': 'application/json' }
  const kept = await fetch(`${server.url}/api/changes`, { method: 'POST', headers, body: JSON.stringify(turn) })
  expect(kept.status).toBe(201)
  await send([...banner(), ...pricing(), changed('pricing', 0), changed('pricing', 4_000)])
})
afterAll(async () => {
  await server.close()
  await bus.close()
  await rm(directory, { recursive: true, force: true })
})

interface Sent {
  readonly service: string
  readonly span: object
}

let serial = 0
function span(service: string, atMs: number, flag: readonly [string, string], failed: boolean): Sent {
  serial += 1
  const attributes = { 'http.route': '/pay', 'http.request.method': 'POST', [`coalmine.flag.${flag[0]}`]: flag[1] }
  return {
    service,
    span: {
      ...ids(serial),
      name: 'POST /pay',
      kind: 2,
      startTimeUnixNano: String(atMs * 1_000_000),
      endTimeUnixNano: String((atMs + 20 + (serial % 7)) * 1_000_000),
      status: failed ? { code: 2 } : {},
      attributes: listOf(attributes),
    },
  }
}

const ids = (n: number) => ({ traceId: n.toString(16).padStart(32, '0'), spanId: n.toString(16).padStart(16, '0') })
const listOf = (values: Record<string, string>) =>
  Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))

/** Everybody gets the new banner from one moment on, and every fifth request fails then. Nobody tells of it. */
function banner(): Sent[] {
  return Array.from({ length: (245 * minute) / 2_000 }, (_, at) => {
    const atMs = startMs + at * 2_000
    const isNew = atMs >= bannerMs
    return span('shop', atMs, ['banner', isNew ? 'new' : 'old'], isNew && at % 5 === 0)
  })
}

/** Half of the users get new prices from one moment on, and a third of their requests fail. */
function pricing(): Sent[] {
  return Array.from({ length: (30 * minute) / 500 }, (_, at) => {
    const atMs = startMs + 212 * minute + at * 500
    const isOn = atMs >= pricingMs && at % 2 === 0
    return span('cart', atMs, ['pricing', isOn ? 'on' : 'off'], isOn && at % 3 === 0)
  })
}

/** As the adapter of OpenFeature tells it, in each process of the application. */
function changed(flag: string, laterMs: number): Sent {
  serial += 1
  const atNs = String((pricingMs + laterMs) * 1_000_000)
  return {
    service: 'cart',
    span: {
      ...ids(serial),
      parentSpanId: 'a'.repeat(16),
      name: 'feature_flag.configuration_changed',
      kind: 1,
      startTimeUnixNano: atNs,
      endTimeUnixNano: atNs,
      attributes: listOf({ 'feature_flag.key': flag, 'feature_flag.provider.name': 'flagd' }),
    },
  }
}

async function send(all: readonly Sent[]): Promise<void> {
  const resourceSpans = [...new Set(all.map(({ service }) => service))].map((service) => ({
    resource: { attributes: listOf({ 'service.name': service, 'service.version': '1.0.0' }) },
    scopeSpans: [{ spans: all.filter((one) => one.service === service).map((one) => one.span) }],
  }))
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans }),
  })
  expect([response.status, await response.json()]).toEqual([200, {}])
}

async function turned(): Promise<readonly JudgedChange[]> {
  const response = await fetch(`${server.url}/api/changes?kind=flag`)
  return ((await response.json()) as { changes: JudgedChange[] }).changes
}

it('has turns of flags on the timeline, told by an application or seen in the shares alone, and judges each', async () => {
  const verdicts = async () =>
    (await turned()).map(({ flag, service, source, verdict }) => [
      flag,
      service,
      source,
      verdict?.verdict,
      verdict?.against,
    ])
  await expect.poll(verdicts).toEqual([
    ['pricing', '', 'api, openfeature', 'fail', 'other-variant'],
    ['banner', 'shop', 'spans', 'fail', 'minutes-before'],
  ])
  const [pricingTurn, bannerTurn] = await turned()
  expect(pricingTurn).toMatchObject({
    atMs: pricingMs,
    verdict: { service: 'cart', stable: 'flag:pricing=off', canary: 'flag:pricing=on' },
  })
  expect(bannerTurn).toMatchObject({ atMs: bannerMs, what: 'new 0 % -> 100 %', verdict: { stable: 'flag:banner=old' } })
  expect(bannerTurn!.verdict!.reason).toMatch(/POST \/pay/)
  // Whoever turned it is told; where nobody said who, the service's owner.
  const told = () =>
    bus.asked
      .map(({ json }) => json['data'] as { title: string; people: unknown })
      .filter(({ title }) => title.startsWith('FAIL'))
      .map(({ title, people }) => [title, people])
      .sort()
  await expect.poll(told).toEqual([
    ['FAIL: cart flag:pricing=on is worse than flag:pricing=off', [{ role: 'author', name: 'maria' }]],
    ['FAIL: shop is worse since banner was turned: new 0 % -> 100 %', [{ role: 'owner', name: 'team banner' }]],
  ])
  const { flags } = (await (await fetch(`${server.url}/api/flags`)).json()) as FlagsAnswer
  expect(flags.map(({ flag, lastChange }) => [flag, lastChange?.source, lastChange?.verdict?.verdict])).toEqual([
    ['banner', 'spans', 'fail'],
    ['pricing', 'api, openfeature', 'fail'],
  ])
})
