import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '@coalmine/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runHere } from '../../test/run.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-deploy-'))
  server = await startServer({ store: join(directory, 'store'), port: 0 })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const deploy = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runHere(['deploy', '--server', server.url, ...args], env)

it('reports what it was told', async () => {
  const told = ['--service', 'shop', '--version', '2.0.0', '--author', 'maria', '--merged-by', 'noah']
  const more = [
    '--commit',
    '4f2c9d1aa0b7c1d2e3f4',
    '--change',
    'https://example.com/pull/7',
    '--environment',
    'production',
  ]
  const run = await deploy([...told, ...more])
  expect(run).toEqual({
    code: 0,
    stderr: '',
    stdout:
      'deploy of shop 2.0.0 to production is on the timeline: written by maria, merged by noah, commit 4f2c9d1aa0b7, https://example.com/pull/7\n',
  })
  const { changes } = (await (await fetch(`${server.url}/api/changes?service=shop`)).json()) as { changes: object[] }
  expect(changes).toMatchObject([
    { kind: 'deploy', version: '2.0.0', author: 'maria', mergedBy: 'noah', source: 'cli' },
  ])
})

it('takes what it is not told from the pipeline: of GitHub', async () => {
  const event = join(directory, 'event.json')
  const pull = { number: 12, user: { login: 'maria' }, merged_by: { login: 'noah' } }
  await writeFile(event, JSON.stringify({ pull_request: pull }))
  const sha = 'ab'.repeat(20)
  const env = { GITHUB_SHA: sha, GITHUB_REPOSITORY: 'example/shop', GITHUB_ACTOR: 'bot', GITHUB_EVENT_PATH: event }
  const run = await deploy(['--service', 'shop', '--version', '3.0.0', '--format', 'json'], env)
  expect(JSON.parse(run.stdout)).toMatchObject({
    author: 'maria',
    mergedBy: 'noah',
    commit: sha,
    url: 'https://github.com/example/shop/pull/12',
  })
})

it('and of GitLab', async () => {
  const env = {
    CI_COMMIT_SHA: 'cd'.repeat(20),
    CI_COMMIT_AUTHOR: 'Maria Sand <maria@example.com>',
    GITLAB_USER_LOGIN: 'noah',
    CI_PROJECT_URL: 'https://gitlab.example.com/shop',
    CI_MERGE_REQUEST_IID: '12',
    CI_ENVIRONMENT_NAME: 'production',
    CI_COMMIT_TIMESTAMP: '2026-11-20T10:00:00+01:00',
  }
  const run = await deploy(['--service', 'shop', '--version', '4.0.0', '--format', 'json'], env)
  expect(JSON.parse(run.stdout)).toMatchObject({
    author: 'Maria Sand',
    mergedBy: 'noah',
    commit: 'cd'.repeat(20),
    url: 'https://gitlab.example.com/shop/-/merge_requests/12',
    environment: 'production',
    committedMs: Date.parse('2026-11-20T09:00:00Z'),
  })
})

it('says when its commit was made, as git does', async () => {
  const head = spawnSync('git', ['show', '-s', '--format=%H %cI'], { encoding: 'utf8' }).stdout.trim().split(' ')
  const run = await deploy(['--service', 'shop', '--version', '5.0.0', '--commit', head[0]!, '--format', 'json'])
  expect(JSON.parse(run.stdout)).toMatchObject({ commit: head[0], committedMs: Date.parse(head[1]!) })
})

it('says what is missing, and what the server does not take', async () => {
  expect(await deploy(['--service', 'shop', '--change', 'pull/7'])).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('Expected a URL'),
  })
  expect(await deploy(['--service', 'x'.repeat(501), '--version', '1'])).toMatchObject({
    code: 64,
    stderr: 'coalmine: service: expected at most 500 characters, got 501\n',
  })
})
