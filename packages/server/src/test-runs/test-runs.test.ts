import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunsAnswer, TestRunAnswer } from '@coalmine/comparator'
import { type Random, randomOf } from '@coalmine/stats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TargetServer, targetServer } from '../../test/target-server.ts'
import { type RunningServer, startServer } from '../server.ts'
import { revokeInFile } from './revoked-file.ts'

const minuteMs = 60_000
const startMs = Math.floor((Date.now() - 200 * minuteMs) / minuteMs) * minuteMs
const random = randomOf(11)

let directory: string
let file: string
let server: RunningServer
let bus: TargetServer
let clock = startMs
const warnings: string[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-runs-'))
  file = join(directory, 'revoked-runs')
  bus = await targetServer(() => ({ status: 200 }))
  server = await startServer({
    store: join(directory, 'store'),
    port: 0,
    watermarkMs: 0,
    now: () => clock,
    warn: (message) => warnings.push(message),
    testRuns: { stopOn: 'hurts-users', revokeFile: file },
    notify: { config: { targets: { bus: { type: 'webhook', url: `${bus.url}/in` } } }, environment: {} },
  })
})
afterAll(async () => {
  await server.close()
  await bus.close()
  await rm(directory, { recursive: true, force: true })
})

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

function span(atMs: number, { failing = 0, marks = {} as Record<string, string> }, random: Random) {
  const attributes = { 'http.route': '/cart', 'http.request.method': 'GET', ...marks }
  return {
    traceId: hex(16),
    spanId: hex(8),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: `${atMs}000000`,
    endTimeUnixNano: `${atMs + 20 + Math.floor(20 * random())}000000`,
    status: random() < failing ? { code: 2 } : {},
    attributes: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
  }
}

/** Two requests a second of users over some minutes, and one a second of a run. */
async function send(
  [from, to]: readonly [number, number],
  { run, failing = 0.02, ...marks }: { run?: string; failing?: number; owner?: string; expires?: string } = {},
): Promise<void> {
  const spans = []
  for (let atMs = startMs + from * minuteMs; atMs < startMs + to * minuteMs; atMs += 500)
    spans.push(span(atMs, { failing }, random))
  if (run !== undefined)
    for (let atMs = startMs + from * minuteMs; atMs < startMs + to * minuteMs; atMs += 1_000) {
      const of = Object.fromEntries(Object.entries(marks).map(([key, value]) => [`coalmine.test.${key}`, value]))
      spans.push(span(atMs, { marks: { 'coalmine.test': 'true', 'coalmine.test.run': run, ...of } }, random))
    }
  const resource = { attributes: [attribute('service.name', 'shop'), attribute('service.version', '1.0.0')] }
  clock = startMs + to * minuteMs
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  })
  expect(response.status).toBe(200)
  clock += 1_000
}

const get = async <Answer>(path: string): Promise<Answer> => (await (await fetch(server.url + path)).json()) as Answer
const runs = async (): Promise<readonly TestRunAnswer[]> => (await get<RunsAnswer>('/api/runs')).runs
const named = async (run: string): Promise<TestRunAnswer | undefined> => (await runs()).find((one) => one.run === run)
const patience = { timeout: 20_000, interval: 100 }

describe('test runs', () => {
  it('are not revoked while they do nothing to users', async () => {
    await send([0, 60])
    await send([60, 65], { run: 'smoke-1', owner: 'ana@shop.example' })
    await expect
      .poll(() => named('smoke-1'), patience)
      .toMatchObject({
        state: 'running',
        endedAt: null,
        owner: 'ana@shop.example',
        requests: 300,
        services: ['shop'],
        operations: [{ service: 'shop', operation: 'GET /cart', requests: 300, errors: 0 }],
        users: { outcome: 'inconclusive', matched: { before: 120, after: 0, blockSeconds: 30 } },
      })
    await send([65, 90])
    await expect.poll(async () => (await named('smoke-1'))?.state, patience).toBe('finished')
    await expect(readFile(file)).rejects.toThrow('ENOENT')
  })

  it('are revoked once they are proved to hurt users, in the file that verifiers watch, and people are told', async () => {
    const expires = new Date(startMs + 99 * minuteMs).toISOString()
    await send([90, 94], { run: 'load-7', failing: 0.4, owner: 'ben@shop.example', expires })
    await expect.poll(async () => (await named('load-7'))?.state, patience).toBe('revoked')
    const run = await get<TestRunAnswer>('/api/runs/load-7')
    expect(run).toMatchObject({
      revoked: { by: 'coalmine', lastSeenAfterSeconds: null },
      users: { outcome: 'hurt', services: [{ service: 'shop', outcome: 'hurt' }] },
    })
    expect(run.revoked!.why).toMatch(/^it hurts users: errors [\d.]+ % -> [\d.]+ %$/)
    // The minutes of the other run are left out, and the one after it.
    expect(run.users!.matched.before).toBe(108)
    expect(await readFile(file, 'utf8')).toBe(`load-7 # ${run.revoked!.at} by coalmine: ${run.revoked!.why}\n`)
    expect(warnings.filter((one) => one.includes('test run'))).toEqual([
      `test run load-7 was revoked: ${run.revoked!.why}`,
    ])
    const told = (): string => bus.asked.map(({ text }) => text).join('\n')
    await expect.poll(told, patience).toContain('test run load-7 was revoked')
  })

  it('have expired where their markers ended before they did', async () => {
    const expires = new Date(startMs + 100 * minuteMs).toISOString()
    await send([95, 100], { run: 'night', expires })
    await expect.poll(async () => (await named('night'))?.state, patience).toBe('expired')
    expect((await named('night'))!.endedAt).toBe(expires)
  })

  it('are revoked by people too, with who and why', async () => {
    await send([100, 102], { run: 'probe' })
    await expect.poll(async () => (await named('probe'))?.state, patience).toBe('running')
    const post = (run: string, body: unknown): Promise<Response> =>
      fetch(`${server.url}/api/runs/${encodeURIComponent(run)}/revoke`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const answer = (await (await post('probe', { by: 'ana', why: 'wrong target' })).json()) as TestRunAnswer
    expect(answer).toMatchObject({ state: 'revoked', revoked: { by: 'ana', why: 'wrong target' } })
    expect((await readFile(file, 'utf8')).split('\n')[1]).toMatch(/^probe # \S+ by ana: wrong target$/)
    const errorOf = async (response: Response) =>
      ((await response.json()) as { error: { message: string } }).error.message
    expect(await errorOf(await post('a#b', {}))).toMatch(/^run "a#b": the file of revoked runs cannot name it/)
    expect(await errorOf(await post('probe', { reason: 'x' }))).toBe('reason: unknown key; expected why, by, isInFile')
    // What nothing was seen of yet is stopped all the same.
    expect(await errorOf(await post('soon', { by: 'ana' }))).toBe(
      'the store has no test run soon; of the last week there are probe, night, load-7, smoke-1',
    )
    expect(await readFile(file, 'utf8')).toContain('\nsoon # ')
  })

  it('are judged for good once the hour after them is over', async () => {
    const after = async (): Promise<number> => (await get<TestRunAnswer>('/api/runs/smoke-1')).users!.matched.after
    await send([103, 128])
    // The minutes of other runs are left out, and those after them.
    await expect.poll(after, patience).toBe(93)
    await send([128, 175])
    expect(await after()).toBe(93)
    expect((await named('smoke-1'))!.users!.outcome).not.toBe('hurt')
    const errors = await Promise.all(
      ['/api/runs?since=2999-01-01', '/api/runs?run=', '/api/runs?days=3', '/api/runs/none'].map(
        async (path) => Object((await get<{ error: { message: string } }>(path)).error).message,
      ),
    )
    expect(errors).toEqual([
      'since: expected a moment in the past',
      'run: expected one, or leave it out for all',
      'days: unknown parameter; expected since, run',
      'the store has no test run none; of the last week there are probe, night, load-7, smoke-1',
    ])
  })
})

describe('the file of revoked runs', () => {
  const line = { at: '2026-11-30T10:00:00.000Z', by: 'ana', why: 'two\nlines # of it' }

  it('has every run that was written at once, once each, and the link that leads to it stays', async () => {
    const folder = join(directory, 'linked')
    await mkdir(folder)
    const [real, link] = [join(folder, 'real'), join(folder, 'link')]
    await writeFile(real, '# stopped\nold', { mode: 0o600 })
    await symlink(real, link)
    const names = ['a', 'b', 'c', 'a']
    await Promise.all(names.map((run) => revokeInFile(link, { run, ...line })))
    const lines = (await readFile(link, 'utf8')).split('\n')
    expect(lines.slice(0, 2)).toEqual(['# stopped', 'old'])
    expect(lines.slice(2, -1).sort()).toEqual(
      ['a', 'b', 'c'].map((run) => `${run} # ${line.at} by ana: two lines # of it`),
    )
    expect(await readdir(folder)).toEqual(['link', 'real'])
  })

  it('says where it cannot be written', async () => {
    const nowhere = join(directory, 'none', 'revoked')
    await expect(revokeInFile(nowhere, { run: 'a', ...line })).rejects.toThrow(
      `the file of revoked runs ${nowhere} cannot be written: ENOENT`,
    )
  })
})
