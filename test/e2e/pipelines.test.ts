import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { parse } from 'yaml'
import { inherited } from '../inherited.ts'
import { bin, coalmine, type Run, serve } from './coalmine.ts'
import { otlpLines, tickAgo } from './otlp.ts'

const action = fileURLToPath(new URL('../../.github/actions/compare', import.meta.url))

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>
  readonly runs: { readonly steps: readonly [{ readonly run: string; readonly env: Readonly<Record<string, string>> }] }
}

let folder: string
let coalmineServer: Awaited<ReturnType<typeof serve>>
let github: Server
/** What GitHub was asked, as `METHOD /path`, with the body. */
let asked: { readonly what: string; readonly body: Record<string, unknown> }[] = []
/** What it answers, by `METHOD /path`, before its documented answer: once each, in order. */
let answers: Record<string, { readonly status: number; readonly headers?: Record<string, string> }[]> = {}
let comments: readonly { readonly id: number; readonly body: string; readonly user: object }[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-action-'))
  const traffic = { service: 'shop', route: 'GET /cart', from: tickAgo(120_000), seconds: 60, perSecond: 20 }
  const spans = [
    ...otlpLines({ ...traffic, version: '1.9.0', medianMs: 20, seed: 1 }),
    ...otlpLines({ ...traffic, version: '2.0.0', medianMs: 60, seed: 2 }),
    ...otlpLines({ ...traffic, version: '2.0.1', medianMs: 20, seed: 3 }),
  ]
  writeFileSync(join(folder, 'spans.jsonl'), spans.join('\n'))
  expect(await coalmine(folder, ['import', '--store', 'served', 'spans.jsonl'])).toMatchObject({ code: 0 })
  coalmineServer = await serve(folder, ['--store', 'served'])
  github = createServer((request, response) => {
    void answer(request).then(({ status, headers, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify(body))
    })
  }).listen(0, '127.0.0.1')
  await once(github, 'listening')
})

afterAll(() => {
  coalmineServer.process.kill('SIGKILL')
  github.close()
  rmSync(folder, { recursive: true })
})

beforeEach(() => {
  asked = []
  answers = {}
  comments = []
})

const api = (): string => `http://127.0.0.1:${(github.address() as AddressInfo).port}`

async function answer(
  request: IncomingMessage,
): Promise<{ status: number; headers?: Record<string, string>; body: unknown }> {
  const { pathname, searchParams } = new URL(request.url!, api())
  const what = `${request.method} ${pathname.replace('/repos/us/shop', '')}`
  const body = request.method === 'GET' ? {} : ((await json(request)) as Record<string, unknown>)
  expect(request.headers.authorization).toBe('Bearer github')
  asked.push({ what, body })
  const special = answers[what]?.shift()
  if (special) return { ...special, body: { message: 'Resource not accessible by integration' } }
  // The workflow's own token is an app's, which may not ask this.
  if (pathname === '/user') return { status: 403, body: { message: 'Resource not accessible by integration' } }
  if (request.method === 'PATCH') return { status: 200, body: {} }
  if (request.method !== 'GET') return { status: 201, body: { id: 1 } }
  const page = Number(searchParams.get('page') ?? 1)
  const next = `${api()}${pathname}?per_page=100&page=${page + 1}`
  const isLast = page * 2 >= comments.length
  return {
    status: 200,
    ...(!isLast && { headers: { link: `<${next}>; rel="next"` } }),
    body: comments.slice(page * 2 - 2, page * 2),
  }
}

/** The action as a runner runs it: inputs take their defaults, and expressions of the step's environment their values. */
async function compare(given: Readonly<Record<string, string>>): Promise<Run & { output: string; summary: string }> {
  const { inputs, runs } = parse(readFileSync(join(action, 'action.yml'), 'utf8')) as ActionFile
  const context: Record<string, string> = { 'github.token': 'github', 'github.event.pull_request.number': '7' }
  const evaluated = (text = ''): string =>
    text.replaceAll(/\$\{\{ *(.*?) *\}\}/g, (_, expression: string) => {
      const name = /^inputs\.([\w-]+)$/.exec(expression)?.[1]
      return name === undefined ? (context[expression] ?? 'abc123') : (given[name] ?? evaluated(inputs[name]!.default))
    })
  const [step] = runs.steps
  const [output, summary] = [join(folder, 'output'), join(folder, 'summary')]
  for (const file of [output, summary]) writeFileSync(file, '')
  const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', step.run], {
    cwd: folder,
    env: {
      ...inherited,
      HOME: folder,
      RUNNER_TEMP: folder,
      GITHUB_ACTION_PATH: action,
      GITHUB_API_URL: api(),
      GITHUB_REPOSITORY: 'us/shop',
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      ...Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, evaluated(value)])),
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr, output: readFileSync(output, 'utf8'), summary: readFileSync(summary, 'utf8') }
}

const shop = (version: string): Record<string, string> => ({
  service: 'shop',
  stable: 'service.version=1.9.0',
  canary: `service.version=${version}`,
  server: coalmineServer.url,
  command: `${process.execPath} ${bin}`,
})

it('a canary that fails fails the step, and is told as status, comment, deployment, summary and annotation', async () => {
  // Somebody has copied the line that marks the action's own.
  comments = [1, 2, 3].map((id) => ({
    id,
    body: id === 1 ? 'looks good' : '<!-- coalmine shop -->\nof before',
    user: { login: id === 3 ? 'github-actions[bot]' : 'mallory', type: id === 3 ? 'Bot' : 'User' },
  }))
  answers = {
    'POST /statuses/abc123': [{ status: 502 }, { status: 429, headers: { 'retry-after': '0' } }],
    'POST /deployments/42/statuses': [{ status: 403 }, { status: 403 }],
  }
  const { code, stdout, output, summary } = await compare({ ...shop('2.0.0'), deployment: '42' })
  expect(code).toBe(1)
  expect(output).toMatch(/^verdict=fail\nurl=http:\/\/127\.0\.0\.1:\d+\/compare\?\S+\nexit-code=1\n$/)
  expect(summary).toContain('FAIL')
  expect(summary).toContain('[The comparison](http')
  expect(stdout).toMatch(/^::error title=coalmine::FAIL: /m)
  const of = (what: string) => asked.filter((one) => one.what === what).map(({ body }) => body)
  const states = of('POST /statuses/abc123').map(({ state }) => state)
  // The first is tried again until it is taken.
  expect(states).toEqual(['pending', 'pending', 'pending', 'failure'])
  expect(of('POST /statuses/abc123').at(-1)).toMatchObject({
    context: 'coalmine',
    description: expect.stringMatching(/^FAIL: .{0,134}$/),
    target_url: expect.stringContaining('/compare?'),
  })
  expect(of('PATCH /issues/comments/3')[0]!['body']).toMatch(/^<!-- coalmine shop -->\n.*FAIL/s)
  expect(of('POST /issues/7/comments')).toEqual([])
  // What is not allowed is said, once each, and decides nothing.
  expect(of('POST /deployments/42/statuses')).toHaveLength(2)
  expect(stdout).toMatch(/^::warning title=coalmine::the deployment status was not told .*403.*deployments: write\)$/m)
})

it('an inconclusive verdict fails the step, unless it is not to', async () => {
  const given = { ...shop('2.0.1'), for: '1m', comment: '', status: '' }
  expect(await compare(given)).toMatchObject({ code: 2, output: expect.stringContaining('verdict=inconclusive\n') })
  const lenient = await compare({ ...given, 'fail-on': 'fail, invalid' })
  expect(lenient).toMatchObject({ code: 0, output: expect.stringContaining('exit-code=2\n') })
  expect(lenient.stdout).toMatch(/^::warning title=coalmine::INCONCLUSIVE: /m)
  expect(asked).toEqual([])
})

it('a server that is away fails the step whatever it is to fail on, and a wrong input names itself', async () => {
  const away = { ...shop('2.0.1'), server: 'http://127.0.0.1:1', 'fail-on': 'fail', status: '', comment: '' }
  const { code, stdout, output } = await compare(away)
  expect(code).toBe(69)
  expect(output).toMatch(/^verdict=\n/)
  expect(stdout).toMatch(/^::error title=coalmine::NO VERDICT: coalmine watch ended with exit code 69/m)
  expect(await compare({ ...away, 'fail-on': 'failed' })).toMatchObject({
    code: 64,
    stdout: '::error title=coalmine::fail-on: expected some of pass, fail, inconclusive, invalid, got failed\n',
  })
})

const examples = fileURLToPath(new URL('../../examples/pipelines', import.meta.url))

/** A script of an example, with `npx --yes coalmine` as the command line that is tested here. */
async function script(text: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<Run> {
  const shim = join(folder, 'npx')
  writeFileSync(
    shim,
    `#!/usr/bin/env bash\n[ "$1 $2" = "--yes coalmine" ] && exec ${process.execPath} ${bin} "\${@:3}"\n`,
  )
  chmodSync(shim, 0o755)
  const child = spawn('bash', ['-c', text, 'script', ...args], {
    cwd: folder,
    env: {
      ...inherited,
      PATH: `${folder}:${process.env['PATH']}`,
      HOME: folder,
      COALMINE_SERVER: coalmineServer.url,
      ...env,
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

it('the job for GitLab ends with the verdict’s exit code, its link and its test results', async () => {
  const { '.coalmine': job } = parse(readFileSync(join(examples, 'gitlab-ci.yml'), 'utf8')) as Record<
    string,
    { script: string[]; allow_failure: { exit_codes: number[] } }
  >
  // As the runner puts the lines together.
  const text = ['set -eo pipefail', ...job!.script].join('\n')
  const versions = (canary: string) => ({
    COALMINE_SERVICE: 'shop',
    COALMINE_STABLE: 'service.version=1.9.0',
    COALMINE_CANARY: `service.version=${canary}`,
    COALMINE_FOR: '1m',
  })
  const failed = await script(text, versions('2.0.0'))
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/^COALMINE_URL=http:\/\/127\.0\.0\.1:\d+\/compare\?/)
  expect(failed.stdout).toContain('FAIL')
  expect(readFileSync(join(folder, 'coalmine.xml'), 'utf8')).toContain('<failure')
  const { code } = await script(text, versions('2.0.1'))
  expect(job!.allow_failure.exit_codes).toEqual([code])
})

it('the shell script promotes nothing but a PASS, and rolls back whatever else comes', async () => {
  writeFileSync(join(folder, 'deploy.sh'), '#!/usr/bin/env bash\necho "deploy: $*"\n')
  chmodSync(join(folder, 'deploy.sh'), 0o755)
  const text = readFileSync(join(examples, 'pipeline.sh'), 'utf8')
  const run = (canary: string, env: Readonly<Record<string, string>> = {}) =>
    script(text, { COALMINE_FOR: '1m', ...env }, ['1.9.0', canary])
  const deploys = ({ stdout }: Run) => stdout.split('\n').filter((line) => line.startsWith('deploy: '))
  const failed = await run('2.0.0')
  expect([failed.code, deploys(failed)]).toEqual([1, ['deploy: canary 2.0.0', 'deploy: roll-back']])
  expect(failed.stdout).toMatch(/^Go here: http/m)
  const away = await run('2.0.1', { COALMINE_SERVER: 'http://127.0.0.1:1' })
  expect([away.code, deploys(away)]).toEqual([69, ['deploy: canary 2.0.1', 'deploy: roll-back']])
  writeFileSync(
    join(folder, 'coalmine.yaml'),
    'metrics:\n  latency: { margin: 100% }\n  errors: false\n  client-errors: false\n',
  )
  const passed = await run('2.0.1')
  expect([passed.code, deploys(passed)]).toEqual([0, ['deploy: canary 2.0.1', 'deploy: promote 2.0.1']])
})
