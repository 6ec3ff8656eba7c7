import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import { cartRequests } from '../../test/cart-requests.ts'
import { type RunningServer, startServer } from '../server.ts'

const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
const token = 'gate-token'
let clock = startMs
let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-gates-'))
  server = await start()
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

beforeEach(() => {
  clock = startMs
})

const start = (): Promise<RunningServer> =>
  startServer({
    store: directory,
    port: 0,
    token,
    watermarkMs: 0,
    lookEveryMs: 100,
    now: () => clock,
    baseUrl: 'https://coalmine.example',
  })

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')

/** Four minutes of a deployment of Flagger's, of which the canary fails so often; they are over then. */
async function traffic(deployment: string, failing: number): Promise<void> {
  const requests = (name: string, failing: number) =>
    cartRequests({
      marks: { 'service.name': deployment, 'k8s.deployment.name': name, 'service.instance.id': `${name}-a` },
      startMs,
      everyMs: 125,
      count: 48 * 40,
      failing,
    })
  const resourceSpans = [requests(`${deployment}-primary`, 0), requests(deployment, failing)]
  expect((await post('/v1/traces', { resourceSpans })).status).toBe(200)
  clock = startMs + 300_000
}

const policy = { metrics: { latency: { margin: '50%' }, errors: { margin: '3,3pp' }, 'client-errors': false } }

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(server.url + path, {
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  })
const post = (path: string, body: unknown): Promise<Response> =>
  ask(path, { method: 'POST', body: JSON.stringify(body) })

/** As Flagger's `callWebhook` asks, and what it takes for a yes. */
function flagger(name: string, metadata: Record<string, string> = {}, checksum = '7d8f9c') {
  const asked = { for: '4m', policy: JSON.stringify(policy), ...metadata }
  const body = { name, namespace: 'shop', phase: 'Progressing', checksum, metadata: asked }
  return async (type: string): Promise<{ yes: boolean; status: number; answer: string; url?: string }> => {
    const response = await post(`/gates/flagger/${type}`, body)
    const said = (await response.json()) as { answer: string; url?: string }
    return { ...said, yes: response.status <= 202, status: response.status }
  }
}

const unique = (name: string): string => `${name}-${hex(3)}`

it('Flagger goes on and is promoted by a canary that passes, and is not rolled back', async () => {
  const name = unique('shop')
  const gate = flagger(name)
  expect(await gate('confirm-rollout')).toMatchObject({ yes: true })
  expect(await gate('rollback')).toMatchObject({ yes: false, status: 404 })
  expect(await gate('pre-rollout')).toMatchObject({ yes: true })
  expect(await gate('rollout')).toMatchObject({ yes: true, answer: expect.stringMatching(/^still running: /) })
  expect(await gate('confirm-traffic-increase')).toMatchObject({ status: 409 })
  await traffic(name, 0)
  await expect.poll(async () => (await gate('confirm-promotion')).yes).toBe(true)
  // It passes now, and is settled at a later look.
  await expect.poll(async () => (await gate('rollout')).answer).toMatch(/^PASS: /)
  expect(await gate('rollout')).toMatchObject({ yes: true })
  expect(await gate('rollback')).toMatchObject({ yes: false })
  const { answer, url } = await gate('confirm-traffic-increase')
  expect(answer).toMatch(/^PASS: /)
  expect(url).toMatch(/^https:\/\/coalmine\.example\/comparisons\/[0-9a-f]{12}$/)
  // Another release of the same deployment is another comparison, which has seen nothing.
  clock += 600_000
  const next = flagger(name, {}, 'another')
  expect(await next('rollout')).toMatchObject({ yes: true, answer: expect.stringMatching(/^still running: /) })
  expect(await next('confirm-promotion')).toMatchObject({ yes: false })
  // The first one comes back as it was: that it passed then is not that it passes now.
  clock += 1_000
  expect(await gate('rollout')).toMatchObject({ yes: true, answer: expect.stringMatching(/^still running: /) })
  expect(await gate('confirm-promotion')).toMatchObject({ yes: false })
})

it('Flagger rolls back a canary that fails, and never raises or promotes it', async () => {
  const name = unique('shop')
  const gate = flagger(name)
  await gate('pre-rollout')
  await traffic(name, 0.3)
  await expect.poll(async () => (await gate('rollback')).status).toBe(200)
  for (const type of ['confirm-rollout', 'rollout', 'confirm-traffic-increase', 'confirm-promotion'])
    expect(await gate(type), type).toMatchObject({ status: 409, answer: expect.stringMatching(/^FAIL: [^\n]+$/) })
  expect(await gate('post-rollout')).toMatchObject({ yes: true })
  expect(await gate('event')).toMatchObject({ yes: true })
  // A yes to this would roll back; what is unknown never does.
  expect(await gate('rollbak')).toMatchObject({ status: 404 })
  // The same after the server was started again.
  await server.close()
  server = await start()
  expect(await gate('rollback')).toMatchObject({ yes: true })
})

it('a gate that never got to know stays closed at its deadline, or opens where it was told to', async () => {
  const [shutName, openName] = [unique('shop'), unique('shop')]
  const tight = { policy: '{}' }
  const [shut, open, empty] = [
    flagger(shutName, tight),
    flagger(openName, { ...tight, otherwise: 'go' }),
    flagger(unique('shop'), { otherwise: 'go' }),
  ]
  for (const gate of [shut, open, empty]) await gate('pre-rollout')
  for (const name of [shutName, openName]) await traffic(name, 0)
  const settled = async (gate: typeof shut) => (await gate('confirm-promotion')).answer
  await expect.poll(() => settled(open)).toMatch(/^INCONCLUSIVE: .*; the gate is set to open in that case$/)
  expect(await open('confirm-promotion')).toMatchObject({ status: 200 })
  await expect.poll(() => settled(shut)).toMatch(/^INCONCLUSIVE: .*; the gate is set to stay closed in that case$/)
  for (const type of ['rollout', 'confirm-promotion']) expect(await shut(type), type).toMatchObject({ status: 409 })
  // There is nothing to open for where the canary never served.
  clock += 3_600_000
  await expect.poll(() => settled(empty)).toMatch(/^INVALID: /)
  expect(await empty('confirm-promotion')).toMatchObject({ status: 409 })
  for (const gate of [shut, open, empty]) expect(await gate('rollback')).toMatchObject({ yes: false })
})

it('Flagger sends the token as the password of the URL', async () => {
  const headers = (said: string) => ({
    'content-type': 'application/json',
    authorization: `Basic ${Buffer.from(said).toString('base64')}`,
  })
  const asked = { method: 'POST', body: JSON.stringify({ name: 'a', namespace: 'b' }) }
  const status = async (said: string) =>
    (await fetch(`${server.url}/gates/flagger/rollback`, { ...asked, headers: headers(said) })).status
  expect(await status(`flagger:${token}`)).toBe(404)
  expect(await status('flagger:wrong')).toBe(401)
})

it.each([
  [{ otherwise: 'maybe' }, 'otherwise: expected halt or go, got "maybe"'],
  [{ for: 'soon' }, 'for: expected a time such as 30m, got "soon"'],
  [{ policy: '{' }, 'policy: expected JSON, got "{"'],
  [
    { canry: 'a=b' },
    'canry: unknown key; did you mean canary? Expected service, stable, canary, traffic, for, otherwise, earlyPass, policy',
  ],
])('says what is wrong with %j, and lets nothing through', async (metadata, message) => {
  const response = await post('/gates/flagger/rollout', { name: 'shop', namespace: 'shop', metadata })
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error: { kind: 'usage', message } })
})

const versions = (name: string) => ({
  service: name,
  stable: `k8s.deployment.name=${name}-primary`,
  canary: `k8s.deployment.name=${name}`,
})

it('Argo Rollouts is told the verdict with status 200, whatever it is, and may wait for it', async () => {
  const outcomes: Record<string, string> = {}
  for (const [name, failing] of [
    [unique('good'), 0],
    [unique('bad'), 0.3],
  ] as const) {
    clock = startMs
    const body = { ...versions(name), run: '7', for: '4m', policy }
    const asked = async (wait: string) => {
      const response = await post('/gates/argo', { ...body, wait })
      expect(response.status).toBe(200)
      return (await response.json()) as { verdict: string; reason: string; url: string }
    }
    expect(await asked('0s')).toMatchObject({ verdict: 'running' })
    const waited = asked('60s')
    await traffic(name, failing)
    const { verdict, reason, url } = await waited
    outcomes[name.slice(0, 3)] = verdict
    expect(reason).toMatch(/^(PASS|FAIL): /)
    expect(url).toContain('/comparisons/')
    // A rollout of the same version, later, is judged anew.
    clock += 60_000
    expect(await (await post('/gates/argo', { ...body, run: '8' })).json()).toMatchObject({ verdict: 'running' })
  }
  expect(outcomes).toEqual({ goo: 'pass', bad: 'fail' })
})

it('answers Argo’s client of Kayenta: a config by its name, an analysis, a score', async () => {
  const name = unique('shop')
  const names = new URLSearchParams({ application: name, metricsAccountName: 'm', configurationAccountName: 's' })
  const configs = (await (await ask(`/gates/kayenta/canaryConfig?${names}`)).json()) as { id: string; name: string }[]
  const { id } = configs.find((config) => config.name === 'coalmine')!
  const times = {
    step: 60,
    start: new Date(startMs).toISOString(),
    end: new Date(startMs + 240_000).toISOString(),
  }
  const { stable, canary } = versions(name)
  const scopes = {
    default: { controlScope: { scope: stable, ...times }, experimentScope: { scope: canary, ...times } },
  }
  const posted = await post(`/gates/kayenta/canary/${id}?${names}`, { scopes, thresholds: { pass: 90, marginal: 50 } })
  const { canaryExecutionId } = (await posted.json()) as { canaryExecutionId: string }
  expect(posted.status).toBe(200)
  const state = async () => {
    const response = await ask(`/gates/kayenta/canary/${canaryExecutionId}`)
    expect(response.status).toBe(200)
    return (await response.json()) as { complete: boolean; result?: { judgeResult: { score: { score: number } } } }
  }
  expect(await state()).toMatchObject({ complete: false, status: 'running' })
  await traffic(name, 0.3)
  await expect.poll(async () => (await state()).complete).toBe(true)
  expect((await state()).result?.judgeResult.score).toMatchObject({ score: 0, classification: 'Fail' })
  // What Argo polls where it found no id.
  expect((await ask('/gates/kayenta/canary/%3Cnil%3E')).status).toBe(404)
  const wrong = { default: { controlScope: { scope: 'prod cluster', ...times }, experimentScope: {} } }
  const refused = await post(`/gates/kayenta/canary/${id}?${names}`, { scopes: wrong })
  expect(refused.status).toBe(400)
  expect(JSON.stringify(await refused.json())).toMatch(/controlScope\.scope: expected a selector such as/)
})

const example = async (path: string): Promise<unknown> =>
  parse(await readFile(new URL(`../../../../examples/${path}`, import.meta.url), 'utf8'))

it('the webhooks of the Canary in examples/flagger ask the path of their type', async () => {
  const { spec, metadata } = (await example('flagger/canary.yaml')) as {
    metadata: { name: string; namespace: string }
    spec: { analysis: { webhooks: { type: string; url: string; metadata: Record<string, string> }[] } }
  }
  const release = { ...metadata, phase: 'Progressing', checksum: 'example' }
  const statuses: Record<string, number> = {}
  for (const { type, url, metadata } of spec.analysis.webhooks) {
    const { pathname, password } = new URL(url)
    expect([pathname, password]).toEqual([`/gates/flagger/${type}`, 'TOKEN'])
    statuses[type] = (await post(pathname, { ...release, metadata })).status
  }
  expect(statuses).toEqual({
    'pre-rollout': 200,
    rollout: 200,
    'confirm-promotion': 409,
    rollback: 404,
    'post-rollout': 200,
  })
})

it('the web metric of the AnalysisTemplate in examples/argo goes on at a PASS alone', async () => {
  const { spec } = (await example('argo/analysis-template.yaml')) as {
    spec: { metrics: [ArgoMetric] }
  }
  const [metric] = spec.metrics
  const { url, method, jsonBody, jsonPath, timeoutSeconds } = metric.provider.web
  const args: Record<string, string> = { service: unique('argo'), 'stable-version': '1.9.0', 'canary-version': '2.0.0' }
  const body = JSON.parse(
    JSON.stringify(jsonBody).replaceAll(/\{\{args\.([\w-]+)\}\}/g, (_, name: string) => args[name] ?? '7'),
  ) as { wait: string }
  expect(method).toBe('POST')
  expect(Number.parseFloat(body.wait)).toBeLessThan(timeoutSeconds)
  const response = await post(new URL(url).pathname, { ...body, wait: '0s' })
  expect(response.status).toBe(200)
  expect(jsonPath).toBe('{$.verdict}')
  expect(((await response.json()) as { verdict: string }).verdict).toBe('running')
  const holds = (condition: string, result: string) =>
    condition.split(' || ').some((part) => part === `result == "${result}"`)
  // As Argo reads two conditions: neither is inconclusive.
  const phase = (result: string) =>
    holds(metric.failureCondition, result)
      ? 'Failed'
      : holds(metric.successCondition, result)
        ? 'Successful'
        : 'Inconclusive'
  expect(
    Object.fromEntries(['pass', 'fail', 'invalid', 'inconclusive', 'running'].map((one) => [one, phase(one)])),
  ).toEqual({
    pass: 'Successful',
    fail: 'Failed',
    invalid: 'Failed',
    inconclusive: 'Inconclusive',
    running: 'Inconclusive',
  })
  expect(metric.inconclusiveLimit).toBe(metric.count - 1)
})

interface ArgoMetric {
  readonly successCondition: string
  readonly failureCondition: string
  readonly inconclusiveLimit: number
  readonly count: number
  readonly provider: {
    readonly web: { url: string; method: string; jsonBody: unknown; jsonPath: string; timeoutSeconds: number }
  }
}
