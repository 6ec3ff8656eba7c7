import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TimelineChange } from '@coalmine/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'
import { isSigned } from './github.ts'
import type { ChangeAnswer } from './routes.ts'

const secret = "It's a Secret to Everybody"
const token = 'a-token-of-this-test'
let directory: string
let server: RunningServer
const warnings: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-changes-'))
  const warn = (message: string): void => void warnings.push(message)
  server = await startServer({
    store: directory,
    port: 0,
    token,
    githubSecret: secret,
    launchDarklySecret: secret,
    growthBookSecret: secret,
    watermarkMs: 0,
    warn,
  })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const ours = { authorization: `Bearer ${token}` }
const signed = (body: string, by = secret): Record<string, string> => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', by).update(body).digest('hex')}`,
})

async function send(body: unknown, headers: Record<string, string> = ours, path = '/api/changes') {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text }
  const response = await fetch(server.url + path, init)
  return { status: response.status, answer: (await response.json()) as ChangeAnswer & { error?: { message: string } } }
}

async function timeline(query = ''): Promise<readonly TimelineChange[]> {
  const response = await fetch(`${server.url}/api/changes${query}`, { headers: ours })
  return ((await response.json()) as { changes: TimelineChange[] }).changes
}

it('keeps a deploy as it is reported, and once, however often it is sent', async () => {
  const deploy = {
    service: 'shop',
    version: '2.0.0',
    author: 'maria',
    mergedBy: 'noah',
    url: 'https://example.com/pull/7',
  }
  const { status, answer } = await send(deploy)
  expect(status).toBe(201)
  expect(answer.change).toMatchObject({ ...deploy, kind: 'deploy', source: 'api', changes: 0 })
  const at = new Date(answer.change!.atMs).toISOString()
  await send({ ...deploy, at })
  await send({ ...deploy, at, author: 'maria sand' })
  expect(await timeline('?service=shop')).toMatchObject([{ author: 'maria sand', version: '2.0.0', servedMs: null }])
  await send({ kind: 'flag', flag: 'pricing', what: 'on for 10 %', author: 'noah', source: 'unleash' })
  expect(await timeline('?service=shop&kind=flag')).toMatchObject([{ flag: 'pricing', service: '', source: 'unleash' }])
  expect(await timeline('?service=shop&version=1.0.0')).toEqual([])
  expect(await timeline(`?service=shop&since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
})

it.each([
  [{}, 'a deploy needs service, and version or commit, to say which build of what was deployed'],
  [{ service: 'shop', kind: 'release' }, 'kind: expected deploy, flag or event, got "release"'],
  [{ kind: 'flag' }, 'flag: expected the key of the flag that was changed'],
  [{ kind: 'event' }, 'what: expected one line that says what happened'],
  [{ service: 'shop', version: 2 }, 'version: expected text, got 2'],
  [
    { service: 'shop', version: '2', url: 'javascript:alert(1)' },
    'url: expected a web address, got "javascript:alert(1)"',
  ],
  [{ service: 'shop', version: '2', changes: -1 }, 'changes: expected how many changes the build bundles, got -1'],
  [{ service: 'shop', version: '2', deployedBy: 'x' }, /^deployedBy: unknown key; expected kind, service,/],
  [{ service: 'shop', version: '2', at: '2999-01-01' }, /^at: expected a moment such as .* not in the future/],
  [{ service: 'shop', version: 'x'.repeat(501) }, 'version: expected at most 500 characters, got 501'],
])('says of %j what is wrong with it', async (body, message) => {
  const { status, answer } = await send(body)
  expect([status, answer.error!.message]).toEqual([
    400,
    message instanceof RegExp ? expect.stringMatching(message) : message,
  ])
})

const deployment = {
  id: 42,
  sha: '4f2c9d1aa0b7c1d2e3f4a5b6c7d8e9f0a1b2c3d4',
  ref: 'v3.1.0',
  task: 'deploy',
  environment: 'production',
  description: null,
  payload: {},
  creator: { login: 'noah' },
  created_at: '2026-11-20T10:00:00Z',
}
const repository = { name: 'basket', full_name: 'example/basket', html_url: 'https://github.com/example/basket' }

it("takes GitHub's deployments for their signature, and no others", async () => {
  // The vector of GitHub's documentation.
  const vector = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
  expect(isSigned(Buffer.from('Hello, World!'), vector, secret)).toBe(true)
  expect(isSigned(Buffer.from('Hello, World?'), vector, secret)).toBe(false)

  const body = JSON.stringify({ action: 'created', deployment, repository })
  const event = { 'x-github-event': 'deployment' }
  expect(await send(body, { ...event, ...signed(body) })).toMatchObject({ status: 201 })
  expect(await send(`${body} `, { ...event, ...signed(body) })).toMatchObject({ status: 401 })
  expect(await send(body, { ...event, ...signed(body, 'another') })).toMatchObject({ status: 401 })
  expect(await send(body, event)).toMatchObject({ status: 401 })
  expect(await send(body, { ...event, 'x-hub-signature-256': '' })).toMatchObject({ status: 401 })

  const done = JSON.stringify({
    deployment,
    repository,
    deployment_status: {
      state: 'success',
      created_at: '2026-11-20T10:04:00Z',
      environment_url: 'https://basket.example',
    },
  })
  await send(done, { 'x-github-event': 'deployment_status', ...signed(done) })
  expect(await timeline('?service=basket&kind=deploy')).toMatchObject([
    {
      id: 'github/example/basket/42',
      kind: 'deploy',
      version: '3.1.0',
      commit: deployment.sha,
      mergedBy: 'noah',
      environment: 'production',
      url: 'https://basket.example',
      atMs: Date.parse('2026-11-20T10:04:00Z'),
      source: 'github',
    },
  ])
  const failed = JSON.stringify({
    deployment: { ...deployment, id: 43, payload: '{"service":"cart","version":"9"}' },
    repository,
    deployment_status: { state: 'failure', description: 'health check', created_at: '2026-11-20T11:04:00Z' },
  })
  await send(failed, { 'x-github-event': 'deployment_status', ...signed(failed) })
  expect(await timeline('?service=cart&kind=event')).toMatchObject([
    { kind: 'event', what: 'Deployment failed: health check' },
  ])
  for (const [name, told] of [
    ['ping', { zen: 'Design for failure.' }],
    ['deployment_status', { deployment, repository, deployment_status: { state: 'in_progress' } }],
  ] as const) {
    const text = JSON.stringify(told)
    const { status, answer } = await send(text, { 'x-github-event': name, ...signed(text) })
    expect([status, answer.change]).toEqual([200, null])
  }
  const nothing = '{}'
  expect(await send(nothing, { 'x-github-event': 'deployment', ...signed(nothing) })).toMatchObject({ status: 400 })
})

it('takes CDEvents, alone and inside of a CloudEvent', async () => {
  const cdEvent = (type: string, artifactId: string, id: string) => ({
    context: {
      version: '0.5.0',
      id,
      source: '/ci/prod',
      type: `dev.cdevents.service.${type}.0.3.0`,
      timestamp: '2026-11-21T10:00:00Z',
    },
    subject: { id: '/shops/till', source: '/ci/prod', content: { environment: { id: '/env/production' }, artifactId } },
  })
  const upgraded = cdEvent('upgraded', 'pkg:oci/till@sha256%3A1f2e3d?tag=5.0.0', 'a')
  expect(await send(upgraded)).toMatchObject({ status: 201, answer: { change: { id: 'cdevents//ci/prod/a' } } })
  const inside = {
    specversion: '1.0',
    id: 'b',
    source: '/ci',
    type: 'x',
    data: cdEvent('rolledback', 'pkg:npm/till@4.9.0', 'b'),
  }
  expect(await send(inside, { ...ours, 'content-type': 'application/cloudevents+json' })).toMatchObject({ status: 201 })
  const other = { context: { id: 'c', type: 'dev.cdevents.build.finished.0.2.0' }, subject: { id: 'x' } }
  expect(await send(other)).toMatchObject({ status: 200, answer: { change: null } })
  expect(
    (await timeline('?service=till&kind=deploy')).map(({ version, what, environment }) => [version, what, environment]),
  ).toEqual(
    expect.arrayContaining([
      ['5.0.0', '', 'production'],
      ['4.9.0', 'Rolled back', 'production'],
    ]),
  )
})

const launchDarkly = {
  _id: '57c0a8e29969090743529965',
  _links: { site: { href: '/shop/production/features/new-pricing' } },
  kind: 'flag',
  name: 'New pricing',
  date: Date.UTC(2026, 10, 21, 10),
  accesses: [{ action: 'updateOn', resource: 'proj/shop:env/production:flag/new-pricing' }],
  member: { email: 'maria@example.com', firstName: 'Maria', lastName: 'Sand' },
  titleVerb: 'turned on the flag',
  target: { name: 'New pricing', resources: ['proj/shop:env/production:flag/new-pricing;web'] },
  previousVersion: { environments: { production: { on: false } } },
  currentVersion: { environments: { production: { on: true } } },
}
const unleash = {
  id: 12,
  type: 'feature-strategy-update',
  createdBy: 'noah',
  createdAt: '2026-11-21T10:00:00.000Z',
  featureName: 'one-click',
  project: 'default',
  environment: 'production',
  preData: { name: 'flexibleRollout', parameters: { rollout: '10' } },
  data: { name: 'flexibleRollout', parameters: { rollout: '50' } },
}
// Fields and types as GrowthBook's source has them.
const growthBook = {
  event: 'feature.updated',
  object: 'feature',
  api_version: '2024-07-31',
  created: Date.UTC(2026, 10, 21, 10),
  data: {
    object: { id: 'banner', environments: { dev: { enabled: true }, production: { enabled: false } } },
    previous_attributes: { environments: { dev: { enabled: true }, production: { enabled: true } } },
  },
  user: { type: 'dashboard', id: 'u_1', name: 'Maria', email: 'maria@example.com' },
  projects: [],
  tags: [],
  environments: ['dev', 'production'],
  containsSecrets: false,
}
const { api_version: _, created: __, ...rawGrowthBook } = growthBook
const feature = { id: 'raw', dateUpdated: '2026-11-21T10:00:00Z', defaultValue: 'b', environments: {} }

it('takes webhooks of flag services: who turned what, where, from what to what', async () => {
  const body = JSON.stringify(launchDarkly)
  const ofLaunchDarkly = (by: string) => ({ 'x-ld-signature': signed(body, by)['x-hub-signature-256']!.slice(7) })
  expect(await send(body, ofLaunchDarkly(secret))).toMatchObject({ status: 201 })
  expect(await send(body, ofLaunchDarkly('another'))).toMatchObject({ status: 401 })
  for (const sent of [unleash, growthBook]) expect(await send(sent)).toMatchObject({ status: 201 })
  const since = '2026-11-21T09:00:00Z'
  const told = (await timeline(`?kind=flag&since=${since}&until=2026-11-21T11:00:00Z`)).map(
    ({ flag, what, author, environment, source, url }) => [flag, what, author, environment, source, url],
  )
  const site = 'https://app.launchdarkly.com/shop/production/features/new-pricing'
  expect(told).toEqual(
    expect.arrayContaining([
      ['new-pricing', 'turned on the flag: off -> on', 'maria@example.com', 'production', 'launchdarkly', site],
      ['one-click', 'strategy update: 10 % -> 50 %', 'noah', 'production', 'unleash', ''],
      ['banner', 'updated: on -> off', 'maria@example.com', 'production', 'growthbook', ''],
    ]),
  )
  // What is about no flag, or changes nothing that users get.
  for (const sent of [
    { ...launchDarkly, kind: 'project', target: { resources: ['proj/shop'] } },
    { ...unleash, type: 'feature-tagged' },
    { ...unleash, type: 'change-request-created' },
    { ...growthBook, event: 'experiment.updated', object: 'experiment' },
    { ...growthBook, data: null },
  ])
    expect(await send(sent)).toMatchObject({ status: 200, answer: { change: null } })
  expect(await send({ ...launchDarkly, _id: 'x', date: 'soon', member: null, target: { resources: 7 } })).toMatchObject(
    {
      answer: { change: null },
    },
  )
})

it("takes GrowthBook's webhooks signed or with a token, JSON or raw, and none of its advice", async () => {
  const body = JSON.stringify({ ...growthBook, data: { ...growthBook.data, object: { ...feature, id: 'signed' } } })
  const by = (key: string) => ({ 'x-growthbook-signature': createHmac('sha256', key).update(body).digest('hex') })
  expect(await send(body, by(secret))).toMatchObject({ status: 201, answer: { change: { flag: 'signed' } } })
  expect(await send(body, by('another'))).toMatchObject({ status: 401 })
  expect(await send(body, { ...ours, ...by('another') })).toMatchObject({ status: 401 })
  expect(await send(body, { authorization: 'Bearer another', ...by(secret) })).toMatchObject({ status: 401 })
  const raw = { ...rawGrowthBook, data: { current: feature, previous: { ...feature, defaultValue: 'a' } } }
  const atMs = Date.UTC(2026, 10, 21, 10)
  expect(await send(raw)).toMatchObject({ answer: { change: { flag: 'raw', what: 'updated: defaultValue', atMs } } })
  const removed = { ...rawGrowthBook, event: 'feature.deleted', data: { previous: feature } }
  expect(await send(removed)).toMatchObject({ answer: { change: { flag: 'raw', what: 'deleted' } } })
  const ramp = { event: 'feature.rampSchedule.actions.completed', data: { object: { featureId: 'ramped' } } }
  expect(await send({ ...growthBook, ...ramp })).toMatchObject({ answer: { change: { flag: 'ramped' } } })
  for (const event of ['feature.saferollout.unhealthy', 'feature.stale.candidate', 'feature.revision.commented'])
    expect(await send({ ...growthBook, event })).toMatchObject({ status: 200, answer: { change: null } })
  const test = { ...growthBook, event: 'webhook.test', object: 'webhook', data: { object: { webhookId: 'ewh-1' } } }
  expect(await send(test)).toMatchObject({ status: 200, answer: { change: null } })
})

it('keeps the deploy of a build that nobody reported, once it serves users', async () => {
  const startMs = Math.floor((Date.now() - 60_000) / 5_000) * 5_000
  const span = (index: number) => ({
    traceId: String(index + 1).padStart(32, '0'),
    spanId: String(index + 1).padStart(16, '0'),
    name: 'GET /pay',
    kind: 2,
    startTimeUnixNano: String((startMs + index * 1_000) * 1_000_000),
    endTimeUnixNano: String((startMs + index * 1_000 + 20) * 1_000_000),
  })
  const marks = { 'service.name': 'payments', 'service.version': '8.0.0', 'coalmine.change.author': 'maria' }
  const attributes = Object.entries(marks).map(([key, value]) => ({ key, value: { stringValue: value } }))
  const spans = Array.from({ length: 20 }, (_, index) => span(index))
  const sent = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { ...ours, 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }] }),
  })
  expect(sent.status).toBe(200)
  // Without a service only what is kept is told.
  const kept = async () => (await timeline('?version=8.0.0')).map(({ id, author, atMs }) => [id, author, atMs])
  await expect.poll(kept).toEqual([['spans/payments/8.0.0', 'maria', startMs]])
})

it("has Flagger's events on the timeline, and never fails a release for it", async () => {
  const metadata = {
    eventMessage: 'Halt advancement podinfo.test\nwaiting',
    eventType: 'Warning',
    timestamp: '1763892000000',
  }
  const body = { name: 'podinfo', namespace: 'test', phase: 'Progressing', checksum: 'abc', metadata }
  for (let sent = 0; sent < 2; sent++)
    expect(await send(body, ours, '/gates/flagger/event')).toMatchObject({ status: 200, answer: { answer: 'noted' } })
  expect(await timeline('?service=podinfo&kind=event')).toMatchObject([
    {
      kind: 'event',
      what: 'Warning: Halt advancement podinfo.test waiting',
      environment: 'test',
      atMs: 1_763_892_000_000,
      source: 'flagger',
    },
  ])
  expect(warnings).toEqual([])
  expect(await send({ metadata: {} }, ours, '/gates/flagger/event')).toMatchObject({ status: 200 })
  expect(warnings).toEqual([expect.stringContaining('an event from Flagger could not be put on the timeline')])
})
