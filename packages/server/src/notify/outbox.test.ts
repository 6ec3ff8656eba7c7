import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@coalmine/store'
import { openStore } from '@coalmine/store'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type TargetReply, type TargetServer, targetServer } from '../../test/target-server.ts'
import type { Alert } from './notification.ts'
import { type NotifyOptions, type RunningNotify, startNotify } from './start-notify.ts'
import type { Happened } from './story.ts'

let directory: string
let store: Store
let target: TargetServer
let other: TargetServer
let answer: (path: string) => TargetReply
let notify: RunningNotify
let warnings: string[]
/** What is said of messages of other tests, whose targets are gone. */
let strangers: string[]
let clock: number | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-outbox-'))
  store = await openStore({ location: directory })
  target = await targetServer(({ path }) => answer(path))
  other = await targetServer(() => ({ status: 200 }))
})

afterAll(async () => {
  await target.close()
  await other.close()
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

let counter = 0
let names: { readonly one: string; readonly two: string }

beforeEach(async () => {
  counter++
  names = { one: `one-${counter}`, two: `two-${counter}` }
  target.asked.length = 0
  other.asked.length = 0
  answer = () => ({ status: 202, body: 'ok' })
  warnings = []
  strangers = []
  clock = undefined
  notify = await started()
})

afterEach(() => notify.close())

const now = (): number => clock ?? Date.now()

async function started(
  changed: Partial<NotifyOptions['config']> = {},
  over: Partial<Store> = {},
): Promise<RunningNotify> {
  const config: NotifyOptions['config'] = {
    targets: {
      [names.one]: { type: 'webhook', url: `${target.url}/one`, secretEnv: 'SECRET' },
      [names.two]: { type: 'webhook', url: `${other.url}/two` },
    },
    ...changed,
  }
  const timing = { firstWaitMs: 1, longestWaitMs: 5, lookUpMs: 50 }
  const running = startNotify(
    {
      store: { ...store, ...over },
      now,
      warn: (message) => (message.includes('is no longer a target') ? strangers : warnings).push(message),
      slos: [],
    },
    { config, environment: { SECRET: 'a-secret-of-ours' }, timing },
    { baseUrl: () => 'https://coalmine.example', tried: () => {} },
  )
  await running.resume()
  running.start()
  return running
}

const alert = (number: number): Alert => ({
  key: `rollout/${counter}/${number}`,
  service: 'shop',
  severity: 'page',
  title: `number ${number}`,
  text: [],
})

const numbersAt = ({ asked }: TargetServer): number[] =>
  asked.map(({ json }) => Number(/number (\d+)/.exec(Object(json['data']).title)![1]))

const laneOf = (name: string) => notify.lanes().find(({ target: one }) => one === name)!

it('messages come in order and are tried again, each with the id that it had, while another target waits for nothing', async () => {
  let tries = 0
  answer = () => ({ status: ++tries % 3 === 0 ? 202 : tries % 3 === 1 ? 503 : 429 })
  for (let number = 1; number <= 30; number++) await notify.alert(alert(number))
  await expect.poll(() => laneOf(names.one).sent).toBe(30)
  const order = numbersAt(target)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect(new Set(order).size).toBe(30)
  expect(order).toHaveLength(90)
  const ids = new Set(target.asked.map(({ headers }) => headers['webhook-id']))
  expect(ids.size).toBe(30)
  expect(numbersAt(other)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
  expect(warnings.filter((warning) => warning.includes('is tried again'))).toHaveLength(
    warnings.filter((warning) => warning.includes('accepts messages again')).length,
  )
})

it('a target that hangs or is down delays nothing else', async () => {
  answer = () => 'hang'
  for (let number = 1; number <= 3; number++) await notify.alert(alert(number))
  await expect.poll(() => numbersAt(other)).toEqual([1, 2, 3])
  expect(laneOf(names.one)).toMatchObject({ pending: 3, sent: 0 })
  expect(laneOf(names.two)).toMatchObject({ pending: 0, sent: 3, trouble: null })
})

it('Retry-After is waited for', async () => {
  answer = () => (target.asked.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 })
  const before = performance.now()
  await notify.alert(alert(1))
  await expect.poll(() => laneOf(names.one).retryAt).not.toBeNull()
  await expect.poll(() => laneOf(names.one).sent).toBe(1)
  expect(performance.now() - before).toBeGreaterThanOrEqual(990)
})

it('what a target refuses is given up at once and told, without the secrets that it repeats', async () => {
  answer = () => ({ status: 401, body: 'no such key: a-secret-of-ours\n\u001b[2J' })
  await notify.alert(alert(1))
  await expect
    .poll(() => laneOf(names.one))
    .toMatchObject({ refused: 1, pending: 0, trouble: '401 no such key: *** [2J' })
  expect(target.asked).toHaveLength(1)
  expect(warnings).toEqual([`notify: ${names.one} refused "number 1": 401 no such key: *** [2J`])
  await expect
    .poll(async () => (await store.notifications.recent(9)).find(({ target: one }) => one === names.one))
    .toMatchObject({ state: 'refused', note: '401 no such key: *** [2J' })
  answer = () => ({ status: 200 })
  await notify.alert(alert(2))
  await expect.poll(() => laneOf(names.one)).toMatchObject({ sent: 1, trouble: null })
})

it('a redirect is no delivery', async () => {
  answer = (path) => (path === '/one' ? { status: 302, headers: { location: `${target.url}/login` } } : { status: 200 })
  await notify.alert(alert(1))
  await expect.poll(() => laneOf(names.one)).toMatchObject({ refused: 1 })
  expect(target.asked.map(({ path }) => path)).toEqual(['/one'])
})

it('a message that nobody takes is given up after a while, and the next one is tried', async () => {
  answer = () => ({ status: 500 })
  clock = Date.now()
  await notify.alert(alert(1))
  await expect.poll(() => target.asked.length).toBeGreaterThan(2)
  expect(laneOf(names.one)).toMatchObject({ pending: 1, expired: 0, trouble: '500' })
  clock += 6 * 3_600_000
  await expect.poll(() => laneOf(names.one)).toMatchObject({ pending: 0, expired: 1 })
  answer = () => ({ status: 200 })
  await notify.alert(alert(2))
  await expect.poll(() => laneOf(names.one).sent).toBe(1)
})

it('what was not sent is sent after a restart, and what was is not sent again', async () => {
  answer = () => (target.asked.length <= 2 ? { status: 200 } : { status: 503 })
  for (let number = 1; number <= 4; number++) await notify.alert(alert(number))
  await expect.poll(() => target.asked.length).toBeGreaterThan(3)
  await notify.close()
  expect(numbersAt(target).slice(0, 3)).toEqual([1, 2, 3])
  target.asked.length = 0
  answer = () => ({ status: 200 })
  notify = await started()
  await expect.poll(() => laneOf(names.one).sent).toBe(2)
  expect(numbersAt(target)).toEqual([3, 4])
  expect(numbersAt(other)).toEqual([1, 2, 3, 4])
  // It goes on, and is not told anew.
  await notify.alert(alert(4))
  await notify.alert({ ...alert(4), resolved: true })
  await expect.poll(() => laneOf(names.one).sent).toBe(3)
  expect(target.asked.at(-1)!.json).toMatchObject({ type: 'coalmine.alert.resolved', subject: alert(4).key })
})

/** Something that happens to the comparison of a test. */
function happened(kind: Happened['kind'], outcome: Happened['outcome']): Promise<void> {
  const state = {
    id: `c-${counter}`,
    service: 'shop',
    labels: { author: 'ada' },
    startedAt: new Date(now()).toISOString(),
    reason: 'why',
  }
  const request = { stable: 'a=1', canary: 'a=2', traffic: 'users', audience: [], side: 'requests' } as const
  const of = { kind, outcome, state: state as unknown as Happened['state'], verdict: undefined, request, atMs: now() }
  return notify.happened(of)
}

it('no message waits for who made the change where that cannot be found out', async () => {
  await notify.close()
  const cohorts = { ...store.cohorts, changeMarks: () => new Promise<never>(() => {}) }
  notify = await started({}, { cohorts })
  await happened('settled', 'fail')
  await expect.poll(() => target.asked.length).toBe(1)
  expect(target.asked[0]!.json).toMatchObject({ data: { people: [{ role: 'author', name: 'ada' }] } })
})

it('what happened to a comparison is told once, though it is found out again after a crash', async () => {
  const told = () => target.asked.map(({ json }) => String(json['type']).replace('coalmine.comparison.', ''))
  const on = ['started', 'interim', 'pass'] as const
  const config = { targets: { [names.one]: { type: 'webhook', url: target.url, on } } } as const
  await notify.close()
  notify = await started(config)
  const all = async () => {
    await happened('started', null)
    for (const outcome of ['pass', 'pass', 'inconclusive', 'pass'] as const) await happened('interim', outcome)
  }
  await all()
  await expect.poll(told).toEqual(['started', 'interim', 'interim', 'interim'])
  await notify.close()
  notify = await started(config)
  await happened('started', null)
  await happened('interim', 'pass')
  for (let times = 0; times < 2; times++) await happened('settled', 'pass')
  await expect.poll(() => laneOf(names.one).pending).toBe(0)
  expect(told()).toEqual(['started', 'interim', 'interim', 'interim', 'pass'])
  await notify.close()
  notify = await started({ targets: {} })
  await notify.close()
  notify = await started(config)
  await happened('settled', 'pass')
  await expect.poll(() => laneOf(names.one).pending).toBe(0)
  expect(told()).toHaveLength(5)
})

it('what waits for a target that there is no more is told', async () => {
  answer = () => ({ status: 503 })
  await notify.alert(alert(1))
  await notify.close()
  notify = await started({ targets: {} })
  expect(strangers).toContain(
    `notify: ${names.one} is no longer a target: messages waiting for it are not sent (1 so far)`,
  )
})

it('where the store is not written messages are sent all the same, and it is said that they are in memory alone', async () => {
  await notify.close()
  notify = await started({}, { notifications: { ...store.notifications, keep: async () => false } })
  await notify.alert(alert(1))
  await notify.alert(alert(2))
  await expect.poll(() => numbersAt(target)).toEqual([1, 2])
  expect(warnings).toEqual([expect.stringMatching(/^notifications are kept only in memory/)])
})

it('a target whose secret is not set is off, and the others are not', async () => {
  await notify.close()
  notify = await started({
    targets: {
      [names.one]: { type: 'slack', urlEnv: 'NOT_SET' },
      [names.two]: { type: 'webhook', url: other.url },
    },
  })
  await notify.alert(alert(1))
  await expect.poll(() => numbersAt(other)).toEqual([1])
  expect(warnings).toEqual([`notify: nothing is sent to ${names.one}: NOT_SET is not set in the environment`])
  expect(laneOf(names.one)).toMatchObject({ off: 'NOT_SET is not set in the environment', type: 'slack' })
})
