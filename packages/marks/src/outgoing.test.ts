import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { newMarks, setFlag, setTest } from './marks.ts'
import { sendMarks } from './outgoing.ts'
import { verifyMarker } from './signature.ts'
import { newWork, runInWork } from './work.ts'

const server = http.createServer((req, res) => {
  if (req.url === '/elsewhere') res.writeHead(302, { location: `http://localhost:${port()}/` }).end()
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
