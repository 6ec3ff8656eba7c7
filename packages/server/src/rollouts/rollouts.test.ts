import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig, type RolloutAnswer, type RolloutHistory } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cartRequests } from '../../test/cart-requests.ts'
import { type RunningServer, startServer } from '../server.ts'

const minute = 60_000
let clock = Math.floor((Date.now() - 12 * 3_600_000) / minute) * minute
let directory: string
let server: RunningServer
let planText = ''
const warnings: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-rollouts-'))
  writeFileSync(
    join(directory, 'tokens'),
    'ada judge,read,ingest ada-token-of-a-test\nbob read bob-token-of-a-test\n'.replaceAll(' ', '  '),
  )
  planText = `
metrics: { latency: { margin: 50% }, errors: { margin: "3,3pp" }, client-errors: off }
split: 50%
rollout:
  bake: 3m
  stages:
    - share: 10%
    - { share: 50%, approve: true }
    - share: 100%
  actuator:
    command:
      run: echo "$COALMINE_SERVICE $COALMINE_BUILD $COALMINE_PERCENT" >> ${directory}/calls; echo $COALMINE_PERCENT% > ${directory}/$COALMINE_SERVICE
      readBack: cat ${directory}/$COALMINE_SERVICE
`
  server = await start()
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const start = (): Promise<RunningServer> =>
  startServer({
    store: join(directory, 'store'),
    port: 0,
    tokensFile: join(directory, 'tokens'),
    watermarkMs: 0,
    lookEveryMs: 100,
    now: () => clock,
    warn: (message) => warnings.push(message),
    notify: {
      config: { targets: { bus: { type: 'webhook', url: 'http://127.0.0.1:4/nobody-listens' } } },
      environment: {},
    },
    rollout: { config: async () => parseConfig(planText, 'coalmine.yaml'), environment: process.env },
  })

/** Four minutes of two builds from now on, of which the canary fails so often; they are over then. */
async function traffic(service: string, failing: number, stableFailing = 0): Promise<void> {
  const requests = (version: string, failing: number) =>
    cartRequests({
      marks: { 'service.name': service, 'service.version': version, 'service.instance.id': `${version}-a` },
      startMs: clock,
      everyMs: 250,
      count: 24 * 40,
      failing,
    })
  const response = await ask('/v1/traces', { resourceSpans: [requests('1', stableFailing), requests('2', failing)] })
  expect(response.status).toBe(200)
  clock += 5 * minute
}

const ask = (path: string, body?: unknown, token = 'ada-token-of-a-test'): Promise<Response> =>
  fetch(server.url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

async function answer<T = RolloutAnswer>(path: string, body?: unknown, status = 200): Promise<T> {
  const response = await ask(path, body)
  const said = (await response.json()) as T
  expect([response.status, status === response.status ? '' : said]).toEqual([status, ''])
  return said
}

async function refused(path: string, body: unknown, status: number, token?: string): Promise<string> {
  const response = await ask(path, body, token)
  expect(response.status).toBe(status)
  return ((await response.json()) as { error: { message: string } }).error.message
}

const started = (service: string, status = 201, canary = '2') =>
  answer('/api/rollouts', { service, stable: 'service.version=1', canary: `service.version=${canary}` }, status)

/** Waits until a rollout is so, and gives it. */
async function until(id: string, isSo: (one: RolloutAnswer) => boolean): Promise<RolloutAnswer> {
  let found = await answer(`/api/rollouts/${id}`)
  await expect
    .poll(async () => {
      found = await answer(`/api/rollouts/${id}`)
      return isSo(found)
    })
    .toBe(true)
  return found
}

const atStage = (stage: number) => (one: RolloutAnswer) =>
  one.stage === stage && one.comparison !== null && one.waitsFor !== 'its comparison to start'
const calls = (service: string): string[] =>
  readFileSync(join(directory, 'calls'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${service} `))
const stories = async (id: string) =>
  (await answer<RolloutHistory>(`/api/rollouts/${id}/history`)).steps.map(({ text, by }) =>
    by ? `${by}: ${text}` : text,
  )

it('gives a good build to more and more users, once it passed and somebody approved', async () => {
  const { id, stages, phase, url } = await started('good')
  expect([phase, stages.map(({ amount }) => amount), url]).toEqual([
    expect.any(String),
    ['10%', '50%', '100%'],
    `${server.url}/rollouts/${id}`,
  ])
  // The same build again is the same rollout.
  expect((await started('good', 200)).id).toBe(id)
  await until(id, atStage(1))
  await traffic('good', 0)
  const second = await until(id, atStage(2))
  expect(second.stages.map(({ state }) => state)).toEqual(['done', 'now', 'next'])
  expect(await refused(`/api/rollouts/${id}/resume`, {}, 409)).toBe(`rollout ${id}: resume: it is not paused`)
  await traffic('good', 0)
  await until(id, (one) => one.needsApproval)
  expect(await refused(`/api/rollouts/${id}/approve`, {}, 403, 'bob-token-of-a-test')).toMatch(/token of bob/)
  await answer(`/api/rollouts/${id}/approve`, {})
  expect(await until(id, (one) => one.endedAt !== null)).toMatchObject({ phase: 'completed', back: null, stage: 3 })
  expect(calls('good')).toEqual(['good 2 10', 'good 2 50', 'good 2 100'])
  expect(await stories(id)).toEqual([
    'ada: started: service.version=2 beside service.version=1 of good',
    'goes on to stage 1 of 3 (10%): the first stage',
    'is at stage 1 of 3 (10%)',
    expect.stringMatching(/^is judged by comparison [0-9a-f]{12}$/),
    expect.stringMatching(/^goes on to stage 2 of 3 \(50%\): PASS: /),
    'is at stage 2 of 3 (50%)',
    expect.stringMatching(/^is judged by comparison /),
    'ada: approved',
    expect.stringMatching(/^goes on to stage 3 of 3 \(100%\): PASS: /),
    'is at stage 3 of 3 (100%)',
    'is completed: everybody has it',
  ])
  const comparisons = async () =>
    (await answer<{ comparisons: { state: string; labels: object }[] }>('/api/comparisons')).comparisons.map(
      ({ state, labels }) => [state, labels],
    )
  await expect.poll(comparisons).toEqual([
    ['ended', { rollout: id, stage: '2', rollback: 'automatic' }],
    ['ended', { rollout: id, stage: '1', rollback: 'automatic' }],
  ])
})

it('takes a bad build back at its FAIL, and refuses what is said after the end', async () => {
  const { id } = await started('bad')
  await until(id, atStage(1))
  await traffic('bad', 0.3)
  const over = await until(id, (one) => one.endedAt !== null)
  expect(over).toMatchObject({ phase: 'rolled-back', stage: 0, outcome: 'fail', back: { why: 'fail', by: null } })
  expect(over.back!.reason).toMatch(/^FAIL: /)
  expect(calls('bad')).toEqual(['bad 2 10', 'bad 2 0'])
  expect(await refused(`/api/rollouts/${id}/abort`, {}, 409)).toBe(`rollout ${id}: abort: it is over: rolled-back`)
  // It may be tried again, and what was found before does not count.
  const again = await started('bad')
  await until(again.id, atStage(1))
  expect(again.id).not.toBe(id)
  await answer(`/api/rollouts/${again.id}/abort`, {})
})

it('goes on after the server was gone: it asks for the same again, and judges the stage anew', async () => {
  const { id } = await started('late')
  const first = await until(id, atStage(1))
  await server.close()
  // What came in meanwhile is nobody's evidence.
  clock += 60 * minute
  server = await start()
  const again = await until(id, (one) => atStage(1)(one) && one.comparison !== first.comparison)
  expect(again.stageSince).toBe(new Date(clock).toISOString())
  expect(calls('late')).toEqual(['late 2 10', 'late 2 10'])
  await traffic('late', 0.3)
  expect(await until(id, (one) => one.endedAt !== null)).toMatchObject({ phase: 'rolled-back' })
})

it('is paused, aborted, and superseded by another build, each told with who said so', async () => {
  const { id } = await started('shop')
  await until(id, atStage(1))
  expect(await answer(`/api/rollouts/${id}/pause`, {})).toMatchObject({
    isPaused: true,
    waitsFor: 'somebody to resume it',
  })
  const other = await started('shop', 201, '3')
  expect(await until(id, (one) => one.endedAt !== null)).toMatchObject({
    phase: 'superseded',
    back: { reason: 'service.version=3 takes its place' },
  })
  await until(other.id, atStage(1))
  expect(calls('shop')).toEqual(['shop 2 10', 'shop 2 0', 'shop 3 10'])
  await answer(`/api/rollouts/${other.id}/abort`, { force: true })
  expect(await until(other.id, (one) => one.endedAt !== null)).toMatchObject({
    phase: 'rolled-back',
    back: { why: 'abort', by: 'ada' },
  })
  const { rollouts } = await answer<{ rollouts: RolloutAnswer[] }>('/api/rollouts')
  expect(rollouts.slice(0, 2).map((one) => one.id)).toEqual([other.id, id])
})

it('does not go back onto a stable that fails itself: it pages, and goes once stable is well again', async () => {
  const before = planText
  planText = planText.replace('rollout:\n', 'rollout:\n  healthFloor: 80%\n')
  const { id } = await started('sick')
  planText = before
  await until(id, atStage(1))
  await traffic('sick', 0.9, 0.5)
  const stuck = await until(id, (one) => one.phase === 'stuck')
  expect(stuck.waitsFor).toMatch(
    /^stable to recover \(only 5\d[.\d]*% of stable's own requests succeed, below the health floor of 80%\), or abort --force to roll back/,
  )
  expect(calls('sick')).toEqual(['sick 2 10'])
  const alerts = async () =>
    (await answer<{ open: { about: string; severity: string }[] }>('/api/notifications')).open
      .filter(({ about }) => about === `rollout/${id}`)
      .map(({ severity }) => severity)
  await expect.poll(alerts).toEqual(['page'])
  await traffic('sick', 0.9, 0)
  expect(await until(id, (one) => one.endedAt !== null)).toMatchObject({ phase: 'rolled-back', stage: 0 })
  await expect.poll(alerts).toEqual([])
})

it('refuses what it cannot run, and says why', async () => {
  const good = { service: 'x', stable: 'service.version=1', canary: 'service.version=2' }
  expect(await refused('/api/rollouts', { ...good, actuator: { command: 'rm -rf /' } }, 400)).toBe(
    'actuator: unknown key; expected service, stable, canary: the rest is in coalmine.yaml',
  )
  expect(await refused('/api/rollouts', { ...good, canary: 'service.version=1' }, 400)).toBe(
    'canary: expected a different build from stable',
  )
  expect(await refused('/api/rollouts', { canary: 'service.version=2' }, 400)).toMatch(/^service: /)
  expect(await refused('/api/rollouts/0123456789ab', undefined, 404)).toMatch(/there is no such rollout/)
  expect(await refused('/api/rollouts', good, 403, 'bob-token-of-a-test')).toMatch(/token of bob/)
  const text = planText
  planText = 'service: shop\n'
  expect(await refused('/api/rollouts', good, 400)).toMatch(/^the coalmine.yaml of the server has no rollout: /)
  planText = text.replace('share: 10%', 'share: 120%')
  expect(await refused('/api/rollouts', good, 400)).toMatch(
    /^coalmine.yaml:7: rollout.stages.0.share: expected a share/,
  )
  planText = text
})

it('keeps no secret, and was troubled by nothing', async () => {
  expect(warnings.filter((one) => !one.startsWith('notify: bus'))).toEqual([])
  expect(await readFile(join(directory, 'calls'), 'utf8')).not.toContain('undefined')
})
