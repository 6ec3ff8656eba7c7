// From spans to what people are told.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { cartRequests } from '../../test/cart-requests.ts'
import { type TargetServer, targetServer } from '../../test/target-server.ts'
import type { ComparisonState } from '../comparisons/state.ts'
import { type RunningServer, startServer } from '../server.ts'

const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
let clock = startMs
let directory: string
let server: RunningServer
let bus: TargetServer
let slack: TargetServer
let gitHub: TargetServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-notify-'))
  bus = await targetServer(() => ({ status: 200 }))
  slack = await targetServer(() => ({ status: 200, body: 'ok' }))
  gitHub = await targetServer(({ path }) => {
    if (path.endsWith('/pulls')) return { status: 200, body: [{ number: 12, user: { login: 'ada' }, merged_at: 'x' }] }
    if (path.endsWith('/pulls/12')) return { status: 200, body: { merged_by: { login: 'grace' } } }
    return path.includes('/comments') ? { status: 200, body: [] } : { status: 201, body: {} }
  })
  server = await start()
})

afterAll(async () => {
  await server.close()
  await Promise.all([bus.close(), slack.close(), gitHub.close()])
  await rm(directory, { recursive: true, force: true })
})

afterEach(() => {
  clock = startMs
  for (const { asked } of [bus, slack, gitHub]) asked.length = 0
})

const start = (): Promise<RunningServer> =>
  startServer({
    store: directory,
    port: 0,
    watermarkMs: 0,
    lookEveryMs: 100,
    now: () => clock,
    baseUrl: 'https://coalmine.example/',
    notify: {
      config: {
        targets: {
          bus: { type: 'webhook', url: `${bus.url}/in` },
          team: { type: 'slack', urlEnv: 'SLACK' },
          code: { type: 'github', tokenEnv: 'TOKEN', repository: 'us/shop', api: gitHub.url },
        },
        services: {
          marked: { critical: ['GET /cart'] },
          pulled: { critical: ['GET /cart'], owner: 'team shop', slack: 'S012AB3CD' },
          old: { owner: 'team shop', slack: 'S012AB3CD' },
        },
        people: { ada: 'U012AB3CD' },
      },
      environment: { SLACK: slack.url, TOKEN: 'a-token' },
      timing: {
        firstWaitMs: 1,
        longestWaitMs: 5,
        watchEveryMs: 20,
        goneMs: 60_000,
        rollbackMs: 600_000,
      },
    },
  })

interface Traffic {
  readonly build: string
  readonly failing?: number
  readonly fromSecond?: number
  readonly seconds?: number
  readonly marks?: Readonly<Record<string, string>>
}

/** Sends eight requests a second of a build. */
async function traffic(service: string, { build, failing = 0, fromSecond = 0, seconds = 240, marks = {} }: Traffic) {
  const requests = cartRequests({
    marks: { 'service.name': service, 'service.version': build, 'service.instance.id': `${build}-a`, ...marks },
    startMs: startMs + fromSecond * 1000,
    everyMs: 125,
    count: seconds * 8,
    failing,
  })
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [requests] }),
  })
  expect(response.status).toBe(200)
}

const metrics = { latency: { margin: '50%' }, errors: { margin: '3,3pp' }, 'client-errors': false }

async function compare(service: string, more: object = {}): Promise<ComparisonState> {
  const response = await fetch(`${server.url}/api/comparisons`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      service,
      stable: 'service.version=1',
      canary: 'service.version=2',
      policy: { metrics },
      ...more,
    }),
  })
  return (await response.json()) as ComparisonState
}

interface Told {
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

const told = (): Told[] => bus.asked.map(({ json }) => json as unknown as Told)
const types = (): string[] => told().map(({ type }) => type.replace('coalmine.comparison.', ''))

it('tells what users feel, since when, who wrote and merged it, once; and that it is over when the canary is gone', async () => {
  const marks = {
    'vcs.ref.head.revision': 'aeb1d71c0ffee',
    'coalmine.change.author': 'ada',
    'coalmine.change.merger': 'grace',
    'vcs.change.id': '12',
  }
  await traffic('marked', { build: '1', failing: 0.01 })
  await traffic('marked', { build: '2', failing: 0.4, marks })
  clock = startMs + 300_000
  const { id } = await compare('marked')
  await expect.poll(types).toEqual(['started', 'fail'])
  const [, fail] = told()
  expect(fail!.id).toBe(`${id}/settled`)
  expect(fail!.data).toMatchObject({
    severity: 'page',
    outcome: 'fail',
    title: 'FAIL: marked service.version=2 is worse than service.version=1',
    text: [
      'GET /cart: 40.1 % of requests fail, 1.04 % on stable; about 187 requests a minute.',
      expect.stringMatching(/^Proved after /),
    ],
    since: new Date(startMs).toISOString(),
    change: { commit: 'aeb1d71c0ffee', change: '12', author: 'ada', merger: 'grace' },
    people: [
      { role: 'author', name: 'ada' },
      { role: 'merger', name: 'grace' },
    ],
    url: `https://coalmine.example/comparisons/${id}`,
  })
  await expect.poll(() => slack.asked.length).toBe(1)
  expect(slack.asked[0]!.text).toContain('Written by <@U012AB3CD> (ada), merged by grace.')
  await expect.poll(() => gitHub.asked.at(-1)?.path).toBe('/repos/us/shop/issues/12/comments')
  expect(gitHub.asked.at(-1)!.json['body']).toMatch(
    /^<!-- coalmine marked -->\n.*about 187 requests a minute.*### ❌ FAIL/s,
  )
  const { open } = await state()
  expect(open).toMatchObject([{ about: id, severity: 'page' }])

  // Nothing at all comes: whether it is gone cannot be told.
  await restarted()
  expect(types()).toEqual(['started', 'fail'])
  await traffic('marked', { build: '1', fromSecond: 250, seconds: 50 })
  await expect.poll(types).toEqual(['started', 'fail', 'resolved'])
  expect(told()[2]).toMatchObject({ id: `${id}/resolved`, data: { severity: 'page' } })
  await expect.poll(() => slack.asked.length).toBe(2)
  expect((await state()).open).toEqual([])
})

it('asks GitHub who it was, and becomes urgent where a rollback does not come', async () => {
  await traffic('pulled', { build: '1' })
  await traffic('pulled', { build: '2', failing: 0.4 })
  clock = startMs + 240_000
  const { id } = await compare('pulled', { labels: { rollback: 'automatic', sha: 'c0ffee1' } })
  await expect.poll(types).toEqual(['started', 'fail'])
  const [, fail] = told()
  expect(fail!.data).toMatchObject({ severity: 'notify', change: { author: 'ada', merger: 'grace', change: '12' } })
  for (const build of ['1', '2']) await traffic('pulled', { build, fromSecond: 800, seconds: 50 })
  clock = startMs + 850_000
  await expect.poll(types).toEqual(['started', 'fail', 'fail'])
  expect(told()[2]).toMatchObject({
    id: `${id}/raised`,
    data: {
      severity: 'page',
      text: expect.arrayContaining([expect.stringMatching(/^The canary is still serving 10 min after it failed/)]),
    },
  })
})

it('what went well is told where that is asked for, and nobody is called', async () => {
  await traffic('fine', { build: '1' })
  await traffic('fine', { build: '2' })
  clock = startMs + 300_000
  await compare('fine', { earlyPass: true })
  await expect.poll(types).toEqual(['started', 'pass'])
  expect(told()[1]!.data).toMatchObject({ severity: 'record', people: [] })
  expect(slack.asked).toEqual([])
})

it('of an old change its service’s owner is told', async () => {
  await traffic('old', { build: '1' })
  await traffic('old', { build: '2', failing: 0.4 })
  clock = startMs + 2 * 3_600_000
  await compare('old', { labels: { author: 'ada' } })
  await expect.poll(() => slack.asked.length).toBe(1)
  expect(slack.asked[0]!.text).toContain('Owner: <!subteam^S012AB3CD> (team shop).')
})

interface Query {
  readonly expr?: string
  readonly url?: string
  readonly root_selector?: string
  readonly columns?: readonly { readonly selector: string }[]
}

it('the example dashboard asks for metrics, labels and fields that there are', async () => {
  const file = new URL('../../../../examples/grafana/dashboard.json', import.meta.url)
  const { panels } = JSON.parse(await readFile(file, 'utf8')) as { panels: { targets: Query[] }[] }
  const queries = panels.flatMap(({ targets }) => targets)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const asked = queries.flatMap(({ expr = '' }) => expr.match(/coalmine_\w+/g) ?? [])
  expect(asked.length).toBeGreaterThan(6)
  for (const name of asked) expect(metrics).toMatch(new RegExp(`^${name}[ {]`, 'm'))
  for (const { expr = '' } of queries)
    for (const [, name, labels] of expr.matchAll(/(coalmine_\w+)\{([^}]*)\}/g))
      for (const [, label] of labels!.matchAll(/(\w+)=/g))
        expect(metrics).toMatch(new RegExp(`^${name}\\{[^}]*\\b${label}=`, 'm'))
  const json = queries.filter(({ url }) => url !== undefined)
  expect(json.length).toBeGreaterThan(0)
  for (const { url, root_selector: root = '', columns = [] } of json) {
    const [first] = ((await (await fetch(server.url + url)).json()) as Record<string, object[]>)[root]!
    for (const { selector } of columns) expect(first).toHaveProperty(selector)
  }
})

const state = async () => (await fetch(`${server.url}/api/notifications`)).json() as Promise<{ open: object[] }>

async function restarted(): Promise<void> {
  await server.close()
  server = await start()
}
