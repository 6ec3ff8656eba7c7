import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newLane } from './lane.ts'
import type { Change, Notification } from './notification.ts'
import { type ChangeSources, changeOf, peopleOf } from './people.ts'

let folder: string
const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.email=x@example', ...args], { encoding: 'utf8' }).trim()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-people-'))
  git('init', '-q', '-b', 'main')
})
afterAll(() => rmSync(folder, { recursive: true }))

const notification = (more: Partial<Notification> = {}): Notification => ({
  id: 'one/settled',
  about: 'one',
  event: 'fail',
  severity: 'notify',
  at: '2026-11-30T14:30:00.000Z',
  service: 'shop',
  title: 'FAIL',
  text: [],
  since: null,
  deployedAt: '2026-11-30T14:00:00.000Z',
  path: '/',
  version: '2.0.0',
  labels: {},
  requests: null,
  outcome: 'fail',
  ...more,
})

const sources = (more: Partial<ChangeSources> = {}): ChangeSources => ({
  marks: async () => ({}),
  deploys: async () => ({}),
  git: undefined,
  gitHub: () => undefined,
  ...more,
})

it('what whoever started the comparison says goes first, then the spans, then the deploy', async () => {
  const marks: Change = { commit: 'aeb1d71', author: 'ada', merger: 'grace' }
  const deploys: Change = { author: 'mallory', merger: 'linus', change: '12' }
  const of = (labels: Record<string, string>, more: Partial<ChangeSources>) =>
    changeOf(notification({ labels }), sources(more))
  expect(await of({ author: 'barbara' }, { marks: async () => marks })).toEqual({ ...marks, author: 'barbara' })
  expect(await of({}, { marks: async () => ({ author: 'ada' }), deploys: async () => deploys })).toEqual({
    ...deploys,
    author: 'ada',
  })
})

it('git tells the author of a merge from who merged it', async () => {
  git('-c', 'user.name=Ada', 'commit', '-q', '--allow-empty', '-m', 'first')
  git('checkout', '-q', '-b', 'topic')
  git('-c', 'user.name=Barbara', 'commit', '-q', '--allow-empty', '-m', 'second')
  git('checkout', '-q', 'main')
  git('-c', 'user.name=Grace', 'merge', '-q', '--no-ff', '-m', 'merged', 'topic')
  const commit = git('rev-parse', 'HEAD')
  expect(await changeOf(notification({ labels: { commit } }), sources({ git: folder }))).toEqual({
    commit,
    author: 'Barbara',
    merger: 'Grace',
  })
})

it('what is no commit is no option of git either', async () => {
  const labels = { commit: '--output=pwned' }
  expect(await changeOf(notification({ labels }), sources({ git: folder }))).toEqual({ commit: '--output=pwned' })
  expect(git('status', '--porcelain')).toBe('')
})

it.each<[string, Partial<Notification>, string]>([
  ['within the hour', {}, 'author ada, merger grace'],
  ['later', { deployedAt: '2026-11-30T13:00:00.000Z' }, 'owner team shop'],
  ['where nobody knows when', { deployedAt: null }, 'owner team shop'],
  ['of a service without an owner', { deployedAt: null, service: 'cart' }, ''],
])('concerns who made it, or who owns the service: %s', (_, more, people) => {
  const config = { services: { shop: { owner: 'team shop' } }, people: {} }
  const found = peopleOf(notification(more), { author: 'ada', merger: 'grace' }, config)
  expect(found.map(({ role, name }) => `${role} ${name}`).join(', ')).toBe(people)
})

it('names that every object has are names like any other', () => {
  const change = { author: 'constructor', merger: 'toString' }
  expect(peopleOf(notification({ service: 'valueOf' }), change, { services: {}, people: {} })).toEqual([
    { role: 'author', name: 'constructor' },
    { role: 'merger', name: 'toString' },
  ])
})

it('a message that cannot be written does not hold up the next one', async () => {
  const became: string[] = []
  const warnings: string[] = []
  const lane = newLane(
    {
      name: 'team',
      deliver: async ({ id }) => {
        if (id === 'one') throw new TypeError('no such thing')
        return { kind: 'sent', note: '200' }
      },
    },
    {
      now: () => 0,
      warn: (message) => warnings.push(message),
      tried: () => {},
      firstWaitMs: 1,
      longestWaitMs: 1,
      giveUpMs: 1,
    },
    ({ id, state, note }) => became.push(`${id} ${state} ${note}`),
  )
  lane.start()
  for (const id of ['one', 'two']) lane.add({ number: 1, atMs: 0, notification: notification({ id }) })
  await expect.poll(() => became).toEqual(['one refused it could not be composed: no such thing', 'two sent 200'])
  expect(warnings).toEqual(['notify: team refused "FAIL": it could not be composed: no such thing'])
  await lane.close()
})
