import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'
import { digestOf } from './known-tokens.ts'

const tokens = { collector: 'c'.repeat(20), grafana: 'g'.repeat(20), deploy: 'd'.repeat(20) }
const lines = [
  `collector ingest ${tokens.collector}`,
  `grafana read sha256:${digestOf(tokens.grafana).toString('hex')}`,
  `deploy judge ${tokens.deploy}`,
]
const warnings: string[] = []
let directory: string
let file: string
let server: RunningServer
let nowMs = Date.now()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-access-'))
  file = join(directory, 'tokens.txt')
  await writeFile(file, lines.join('\n'))
  server = await startServer({
    store: join(directory, 'store'),
    port: 0,
    tokensFile: file,
    now: () => nowMs,
    warn: (message) => warnings.push(message),
  })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

interface Asked {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const ask = (method: string, path: string, { token, body, headers = {} }: Asked = {}): Promise<Response> =>
  fetch(server.url + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

const status = async (method: string, path: string, asked?: Asked): Promise<number> =>
  (await ask(method, path, asked)).status

const started = { service: 'shop', stable: 'service.version=1', canary: 'service.version=2' }

describe('a token may do what its rights say', () => {
  it.each([
    ['POST', '/v1/traces', { resourceSpans: [] }, 'collector'],
    ['POST', '/v1/logs', { resourceLogs: [] }, 'collector'],
    ['GET', '/api/import?file=x', undefined, 'collector'],
    ['GET', '/api/known', undefined, 'grafana deploy'],
    ['GET', '/api/comparisons', undefined, 'grafana deploy'],
    ['GET', '/metrics', undefined, 'grafana deploy'],
    ['GET', '/no-such-route', undefined, 'grafana deploy'],
    ['POST', '/api/compare', {}, 'deploy'],
    ['POST', '/api/comparisons', {}, 'deploy'],
    ['POST', '/api/comparisons/x/stop', {}, 'deploy'],
    ['POST', '/api/backfill', {}, 'deploy'],
    ['GET', '/%61pi/known', undefined, 'grafana deploy'],
    ['POST', '/v1/%74races', { resourceSpans: [] }, 'collector'],
    ['HEAD', '/api/known', undefined, 'grafana deploy'],
  ])('%s %s', async (method, path, body, allowed) => {
    for (const [name, token] of Object.entries(tokens)) {
      const refused = (await status(method, path, { token, body })) === 403
      expect([name, refused]).toEqual([name, !allowed.split(' ').includes(name)])
    }
    expect(await status(method, path, { body })).toBe(401)
    expect(await status(method, path, { body, token: 'x'.repeat(20) })).toBe(401)
  })
})

it('says which right is missing, and whom it is missing', async () => {
  const answer = await ask('POST', '/api/comparisons', { token: tokens.grafana, body: started })
  expect(await answer.json()).toEqual({
    error: {
      kind: 'unavailable',
      message:
        "the token of grafana has the right to read here, but this needs judge: the server's --tokens file says who may do what",
    },
  })
})

it('the state of a comparison names who started and who stopped it', async () => {
  const answer = await ask('POST', '/api/comparisons', { token: tokens.deploy, body: started })
  const state = (await answer.json()) as { id: string }
  expect(state).toMatchObject({ startedBy: 'deploy', stoppedBy: null, url: `${server.url}/comparisons/${state.id}` })
  const stopped = await ask('POST', `/api/comparisons/${state.id}/stop`, { token: tokens.deploy, body: {} })
  expect(await stopped.json()).toMatchObject({ startedBy: 'deploy', stoppedBy: 'deploy' })
})

/** Logs in; the cookie as a browser sends it back. */
async function login(token: string): Promise<{ readonly cookie: string; readonly attributes: readonly string[] }> {
  const answer = await ask('POST', '/api/login', { body: { token } })
  expect(answer.status).toBe(204)
  const [cookie, ...attributes] = answer.headers.get('set-cookie')!.split('; ')
  return { cookie: cookie!, attributes }
}

describe('the page logs in', () => {
  it('with a cookie that is no token, and that no script and no other site can use', async () => {
    const { cookie, attributes } = await login(tokens.grafana)
    expect(attributes).toEqual(['Path=/', 'Max-Age=43200', 'HttpOnly', 'SameSite=Strict'])
    expect(cookie).not.toContain(tokens.grafana)
    expect(await status('GET', '/api/known', { headers: { cookie } })).toBe(200)
    expect(await status('POST', '/api/compare', { headers: { cookie }, body: {} })).toBe(403)
    const answer = await ask('GET', '/api/login', { headers: { cookie: `theme=dark; ${cookie}` } })
    expect(await answer.json()).toEqual({ asks: true, name: 'grafana', rights: ['read'] })
  })

  const follows = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  it.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a page on another port of this host', { 'sec-fetch-site': 'same-site' }, 403],
    ['an old browser that says the origin alone', { origin: 'http://evil.example' }, 403],
    ['a link from another site', { 'sec-fetch-site': 'cross-site', ...follows }, 401],
    ['a link from another port', { 'sec-fetch-site': 'same-site', ...follows }, 401],
    ['its own page', { 'sec-fetch-site': 'same-origin' }, 200],
    ['a browser that is typed into', { 'sec-fetch-site': 'none', ...follows }, 200],
  ])('the cookie in a request of %s', async (_, headers, expected) => {
    const { cookie } = await login(tokens.deploy)
    // Node's fetch has a Sec-Fetch-Mode of its own.
    const sent = request(`${server.url}/api/known`, { headers: { cookie, ...headers } }).end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(expected)
  })

  it('and out again: the cookie is worth nothing from then on', async () => {
    const { cookie } = await login(tokens.deploy)
    const answer = await ask('POST', '/api/logout', { headers: { cookie } })
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
      204,
      'coalmine=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ])
    expect(await status('GET', '/api/known', { headers: { cookie } })).toBe(401)
  })

  it('for twelve hours', async () => {
    const { cookie } = await login(tokens.deploy)
    nowMs += 12 * 3_600_000
    expect(await status('GET', '/api/known', { headers: { cookie } })).toBe(401)
  })

  it('not with a token that is not known, nor with what is none', async () => {
    for (const body of [{ token: 'x'.repeat(20) }]) expect(await status('POST', '/api/login', { body })).toBe(401)
    for (const body of [{}, { token: 7 }, { token: '' }, []])
      expect(await status('POST', '/api/login', { body })).toBe(400)
    const answer = await ask('GET', '/api/login')
    expect(await answer.json()).toEqual({ asks: true, name: null, rights: [] })
  })

  it('a thousand times, and then the oldest session is over', async () => {
    const { cookie } = await login(tokens.grafana)
    for (let more = 0; more < 999; more++) await login(tokens.grafana)
    expect(await status('GET', '/api/known', { headers: { cookie } })).toBe(200)
    const { cookie: newest } = await login(tokens.grafana)
    expect(await status('GET', '/api/known', { headers: { cookie } })).toBe(401)
    expect(await status('GET', '/api/known', { headers: { cookie: newest } })).toBe(200)
  })
})

it('the file is read again when it changes; what is wrong with it is told, and changes nothing', async () => {
  const { cookie } = await login(tokens.grafana)
  warnings.length = 0
  await writeFile(`${file}.new`, 'deploy judge short\n')
  await rename(`${file}.new`, file)
  await expect.poll(() => warnings.join()).toContain('tokens.txt:1: a token of fewer than 16 characters')
  expect(warnings.join()).toContain('; the previous tokens stay in force')
  expect(await status('GET', '/api/known', { token: tokens.grafana })).toBe(200)
  await rm(file)
  await expect.poll(() => warnings.join()).toContain('there is no such file')
  expect(await status('GET', '/api/known', { token: tokens.grafana })).toBe(200)
  await writeFile(file, `deploy read ${'n'.repeat(20)}\n`)
  await expect.poll(() => warnings.join()).toContain('was read again: it has 1 token')
  expect(await status('GET', '/api/known', { token: tokens.grafana })).toBe(401)
  expect(await status('GET', '/api/known', { headers: { cookie } })).toBe(401)
  expect(await status('GET', '/api/known', { token: 'n'.repeat(20) })).toBe(200)
})

it('an empty token, and a file that is none, or that is given beside a token, stop the server from starting', async () => {
  const start = (options: object) => startServer({ store: join(directory, 'other'), port: 0, ...options })
  await expect(start({ token: '' })).rejects.toThrow('--token: it is empty')
  await expect(start({ tokensFile: join(directory, 'none') })).rejects.toThrow('there is no such file')
  await expect(start({ tokensFile: file, token: 'x' })).rejects.toThrow('--tokens cannot be used with --token')
})
