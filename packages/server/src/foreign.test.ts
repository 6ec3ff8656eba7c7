import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from './server.ts'

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-foreign-'))
  server = await startServer({ store: directory, port: 0 })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

function ask(method: string, path: string, headers: Readonly<Record<string, string>>, body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    request(server.url + path, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end(body)
  })
}

const span = '{"resourceSpans":[]}'
const text = { 'content-type': 'text/plain;charset=UTF-8' }
const json = { 'content-type': 'application/json' }
const compared = '{"service":"a","stable":"a=b","canary":"a=c"}'

describe('a page of another site', () => {
  const page = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
  it.each([
    ['imports', 'POST', '/api/import', { ...page, ...text }],
    [
      'imports from a browser that says only where the page is',
      'POST',
      '/api/import',
      { origin: page.origin, ...text },
    ],
    ['imports from a page without an origin', 'POST', '/api/import', { origin: 'null', ...text }],
    ['imports from another port of this machine', 'POST', '/api/import', { origin: 'http://127.0.0.1:1', ...text }],
    ['sends spans', 'POST', '/v1/traces', { ...page, ...json }],
    ['compares', 'POST', '/api/compare', { ...page, ...text }],
    ['fills ticks', 'POST', '/api/backfill', { ...page, ...text }],
    [
      'shows a picture',
      'GET',
      '/api/doctor?service=a',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ],
  ])('is refused when it %s', async (_what, method, path, headers) => {
    expect(await ask(method, path, headers, method === 'POST' ? span : '')).toBe(403)
  })

  it('may have a link', async () => {
    const followed = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect(await ask('GET', '/api/known', followed)).toBe(200)
    expect(await ask('POST', '/api/import', { ...followed, ...text }, span)).toBe(403)
  })
})

it('its own page, a browser that is typed into, and what is no browser are answered', async () => {
  const { host, origin } = new URL(server.url)
  expect(await ask('GET', '/api/known', { origin, host, 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await ask('GET', '/api/known', { 'sec-fetch-site': 'none' })).toBe(200)
  expect(await ask('POST', '/api/import', text, span)).toBe(200)
})

it.each(['/api/compare', '/api/plan', '/api/calibrate', '/api/kayenta', '/api/backfill'])(
  '%s takes JSON alone',
  async (path) => {
    for (const headers of [text, { 'content-type': 'application/x-www-form-urlencoded' }, {}])
      expect(await ask('POST', path, headers, compared)).toBe(415)
  },
)

describe('a name that somebody else made to point here', () => {
  it.each(['evil.example:4318', 'attacker', '127.0.0.1.evil.example'])('is refused: %s', async (host) => {
    expect(await ask('GET', '/api/known', { host })).toBe(403)
    expect(await ask('GET', '/healthz', { host })).toBe(200)
  })
  it.each(['localhost:4318', '127.0.0.1', '[::1]:4318', 'shop.localhost'])(
    "is not this machine's own: %s",
    async (host) => {
      expect(await ask('GET', '/api/known', { host })).toBe(200)
    },
  )
})

it('a server that asks for a token answers to any name', async () => {
  const other = await mkdtemp(join(tmpdir(), 'coalmine-foreign-'))
  await server.close()
  server = await startServer({ store: other, port: 0, token: 'secret' })
  expect(await ask('GET', '/api/known', { host: 'coalmine.example', authorization: 'Bearer secret' })).toBe(200)
  await server.close()
  await rm(other, { recursive: true, force: true })
  server = await startServer({ store: directory, port: 0 })
})

it('behind a proxy that tells another host its own page is answered, and no other', async () => {
  const other = await mkdtemp(join(tmpdir(), 'coalmine-foreign-'))
  await server.close()
  server = await startServer({ store: other, port: 0, baseUrl: 'https://coalmine.example/' })
  const page = { origin: 'https://coalmine.example', 'sec-fetch-site': 'same-origin' }
  expect(await ask('GET', '/api/known', page)).toBe(200)
  expect(await ask('GET', '/api/known', { ...page, host: 'coalmine.example' })).toBe(200)
  expect(await ask('GET', '/api/known', { ...page, origin: 'http://coalmine.example' })).toBe(403)
  expect(await ask('GET', '/api/known', { ...page, origin: 'https://evil.example' })).toBe(403)
  expect(await ask('GET', '/api/known', { host: 'evil.example' })).toBe(403)
  await server.close()
  await rm(other, { recursive: true, force: true })
  server = await startServer({ store: directory, port: 0 })
})
