import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { ProxyAgent, request } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { destinationOf, hostFilter } from './destinations.ts'
import { type Marks, newMarks, setFlag, setTest } from './marks.ts'
import { sendMarks } from './outgoing.ts'
import { verifyMarker } from './signature.ts'
import { newWork, runInWork } from './work.ts'

const server = http.createServer((req, res) => {
  if (req.url === '/elsewhere') res.writeHead(302, { location: `http://localhost:${port()}/` }).end()
  else if (req.url === '/headers')
    res.end(JSON.stringify([req.headers['baggage'] ?? null, req.headers['coalmine-test'] ?? null]))
  else res.end(JSON.stringify(req.headers['baggage'] ?? null))
})
const all = 'coalmine.test=true,coalmine.via.shop=2.0.0,coalmine.flag.new-pricing=on'
let stop = () => {}

beforeAll(() => new Promise<void>((done) => void server.listen(0, done)))
afterAll(() => void server.close().closeAllConnections())
afterEach(() => stop())

it.each([
  ['the host', () => ['127.0.0.1'], all],
  ['the host and the port', () => [`127.0.0.1:${port()}`], all],
  ['another port', () => ['127.0.0.1:1'], null],
  ['another host', () => ['localhost'], null],
  ['no host', () => [], null],
])('sends marks over fetch and node:http when the list allows %s', async (_, to, expected) => {
  allow(to())
  const url = `http://127.0.0.1:${port()}/`
  expect(await inRequest(() => overFetch(url))).toBe(expected)
  expect(await inRequest(() => overHttp(url))).toBe(expected)
})

it('sends nothing outside a request', async () => {
  allow(['127.0.0.1'])
  expect(await overFetch(`http://127.0.0.1:${port()}/`)).toBe(null)
})

it('goes by the host that is connected to, not by the Host header', async () => {
  allow(['friend.example', `friend.example:${port()}`])
  const forged = { headers: { host: `friend.example:${port()}` } }
  expect(await inRequest(() => overHttp(`http://127.0.0.1:${port()}/`, forged))).toBe(null)
})

it('does not follow a redirect to a host that is not allowed', async () => {
  allow(['127.0.0.1'])
  expect(await inRequest(() => overFetch(`http://127.0.0.1:${port()}/elsewhere`))).toBe(null)
})

it('leaves the application its own baggage', async () => {
  allow(['127.0.0.1'])
  const own = { headers: { baggage: 'tenant=7' } }
  for (const over of [overFetch, overHttp]) {
    const sent = (await inRequest(() => over(`http://127.0.0.1:${port()}/`, own))) ?? ''
    expect(sent).toBe(`${all},tenant=7`)
  }
})

it('keeps to the W3C limit by leaving out what is last, in whole members, and never the marker', async () => {
  allow(['127.0.0.1'])
  const tenants = Array.from({ length: 900 }, (_, i) => `tenant${i}=7`)
  for (const over of [overFetch, overHttp]) {
    const sent = (await inRequest(() => over(`http://127.0.0.1:${port()}/`, { headers: { baggage: tenants.join() } })))!
    expect(sent.length).toBeLessThanOrEqual(8192)
    expect(sent.length).toBeGreaterThan(8192 - 'tenant900=7,'.length)
    const kept = sent.split(',').length - all.split(',').length
    expect(sent).toBe([all, ...tenants.slice(0, kept)].join())
  }
})

it('sends the marker that a request came with, before all else, or signs what the service marks itself', async () => {
  const key = { id: 'k1', secret: 's'.repeat(32) }
  stop = sendMarks({ to: ['127.0.0.1'], build: {}, sign: { key, audience: 'production' } })
  const url = `http://127.0.0.1:${port()}/`
  for (const over of [overFetch, overHttp]) {
    const marks = newMarks()
    setTest(marks, { kind: 'cart', id: '7', run: 'load-7' })
    const [, own] = /^coalmine\.test\.marker=([^,]+),coalmine\.test=true,/.exec(
      (await runInWork(newWork(marks), () => over(url)))!,
    )!
    const check = verifyMarker(own!, { keys: [key], audience: 'production' }, Date.now())
    expect(check).toMatchObject({ kind: 'trusted', marker: { run: 'load-7', entity: 'cart:7' } })
    marks.marker = 'v1.k1.as.received'
    expect(await runInWork(newWork(marks), () => over(url))).toMatch(/^coalmine\.test\.marker=v1\.k1\.as\.received,/)
  }
})

it('signs a test of more entities than a marker holds without them', async () => {
  stop = sendMarks({ to: ['127.0.0.1'], build: {}, sign: { key: { id: 'k1', secret: 's'.repeat(32) } } })
  const marks = newMarks()
  for (let i = 0; i < 12; i++) setTest(marks, { kind: 'cart', id: `number-${i}` })
  const sent = (await runInWork(newWork(marks), () => overFetch(`http://127.0.0.1:${port()}/`)))!
  expect(sent).toMatch(/^coalmine\.test\.marker=v1\./)
  expect(sent).toContain('cart%3Anumber-7')
})

it('lets a request through whose headers are already written', async () => {
  allow(['127.0.0.1'])
  const written = { headers: ['host', `127.0.0.1:${port()}`] as never }
  expect(await inRequest(() => overHttp(`http://127.0.0.1:${port()}/`, written))).toBe(null)
})

it('goes by what a forward proxy is asked for, whether or not the proxy is on the list', async () => {
  const proxy = { host: '127.0.0.1', port: port() }
  allow(['127.0.0.1', 'inventory'])
  for (const [url, expected] of [
    ['http://inventory/cart', all],
    ['http://third.example/pay', null],
  ] as const) {
    expect(await inRequest(() => overHttp('http://localhost/', { ...proxy, path: url }))).toBe(expected)
    const agent = new ProxyAgent({ uri: `http://127.0.0.1:${port()}`, proxyTunnel: false })
    expect(await inRequest(async () => (await request(url, { dispatcher: agent })).body.json())).toBe(expected)
    await agent.close()
  }
})

it.each([
  ['http://127.0.0.1:PORT/api', all],
  ['127.0.0.1:80', null],
  ['*.0.0.1', null],
])('takes %s in the list for what it says', async (entry, expected) => {
  allow([entry.replace('PORT', String(port()))])
  expect(await inRequest(() => overFetch(`http://127.0.0.1:${port()}/`))).toBe(expected)
})

it('knows the port that a URL leaves out', () => {
  const isAllowed = hostFilter(['inventory:443', '.internal.example:80', '[::1]:80'])
  const allowed = (url: string) => isAllowed(destinationOf({}, url)!)
  expect(['https://inventory', 'http://inventory', 'https://inventory.:443'].map(allowed)).toEqual([true, false, true])
  expect(['http://a.internal.example', 'https://a.internal.example'].map(allowed)).toEqual([true, false])
  expect(['http://[::1]/', 'http://[::1]:81/'].map(allowed)).toEqual([true, false])
  expect([destinationOf({ method: 'CONNECT' }, 'http://inventory'), destinationOf({}, '')]).toEqual([
    undefined,
    undefined,
  ])
})

describe.each([
  ['fetch', overFetch],
  ['node:http', overHttp],
])("a gateway that forwards its caller's headers over %s", (_, over) => {
  const arrived = 'tenant=7, coalmine.test=true,coalmine.flag.f=on ,coalmine.test.marker=v1.k1.a.b,coalmine.via.x=1'
  const forward = (marks: Marks, headers: Record<string, string>) => {
    marks.header = 'v1.k1.c.d'
    return runInWork(newWork(marks), () => over(`http://127.0.0.1:${port()}/headers`, { headers }))
  }

  it('sends none of its marks to a host that is not listed', async () => {
    allow(['inventory'])
    const sent = await forward(newMarks(), { baggage: arrived, 'coalmine-test': 'v1.k1.c.d' })
    expect(sent).toEqual(['tenant=7', null])
    expect(await forward(newMarks(), { baggage: 'coalmine.test=true' })).toEqual([null, null])
    expect(await forward(newMarks(), { 'coalmine-test': 'v1.k1.its.own' })).toEqual([null, 'v1.k1.its.own'])
  })

  it('sends a listed host its own marks, and of the caller’s only what is signed', async () => {
    allow(['127.0.0.1'])
    const headers = { baggage: arrived, 'coalmine-test': 'v1.k1.c.d' }
    const users = 'coalmine.via.shop=2.0.0,tenant=7,coalmine.test.marker=v1.k1.a.b'
    expect(await forward(newMarks(), headers)).toEqual([users, 'v1.k1.c.d'])
    const test = newMarks()
    setTest(test)
    expect(await forward(test, headers)).toEqual(['coalmine.test=true,coalmine.via.shop=2.0.0,tenant=7', 'v1.k1.c.d'])
  })
})

it('allows a domain with all below it', async () => {
  allow(['.localhost'])
  expect(await inRequest(() => overFetch(`http://localhost:${port()}/`))).toBe(all)
  expect(await inRequest(() => overFetch(`http://127.0.0.1:${port()}/`))).toBe(null)
})

function allow(to: readonly string[]): void {
  stop = sendMarks({ to, flags: ['new-pricing'], build: { service: 'shop', version: '2.0.0' } })
}

function inRequest<T>(call: () => T): T {
  const marks = newMarks()
  setTest(marks)
  setFlag(marks, 'new-pricing', 'on')
  return runInWork(newWork(marks), call)
}

async function overFetch(url: string, init: RequestInit = {}): Promise<string | null> {
  return (await (await fetch(url, init)).json()) as string | null
}

function overHttp(url: string, options: http.RequestOptions = {}): Promise<string | null> {
  return new Promise((resolve, reject) => {
    http
      .get(url, options, (res) => {
        let text = ''
        res.on('data', (chunk) => {
          text += chunk
        })
        res.on('end', () => resolve(JSON.parse(text)))
      })
      .on('error', reject)
  })
}

function port(): number {
  return (server.address() as AddressInfo).port
}
