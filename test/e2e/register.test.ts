import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseSigningKeys, signMarker } from '@coalmine/marks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const folders = mkdtempSync(join(tmpdir(), 'coalmine-register-'))
const requests: OtlpRequest[] = []
const contentTypes: (string | undefined)[] = []
const sink = http.createServer(async (req, res) => {
  contentTypes.push(req.headers['content-type'])
  const body = await text(req)
  if (req.headers['content-type'] === 'application/json')
    requests.push({ ...(JSON.parse(body) as OtlpRequest), path: req.url! })
  res.setHeader('content-type', 'application/json').end('{}')
})

beforeAll(() => new Promise<void>((done) => void sink.listen(0, '127.0.0.1', done)))
afterAll(() => {
  sink.close().closeAllConnections()
  rmSync(folders, { recursive: true })
})
beforeEach(() => {
  requests.splice(0)
  contentTypes.splice(0)
})

const load = {
  module: `import express from 'express'; import http from 'node:http'`,
  commonjs: `const express = require('express'); const http = require('node:http')`,
}
const app = `
  const app = express()
  app.get('/cart/:id', (req, res) => res.json({ id: req.params.id }))
  const server = http.createServer(app).listen(0, '127.0.0.1', async () => {
    await (await fetch('http://127.0.0.1:' + server.address().port + '/cart/7')).json()
    end()
  })
  const close = () => { server.close(); server.closeAllConnections() }
`
const ends = {
  'has nothing more to do': [`const end = close`, { code: 0, signal: null }],
  'gets SIGTERM': [`const end = () => process.kill(process.pid, 'SIGTERM')`, { code: null, signal: 'SIGTERM' }],
  'handles SIGTERM itself': [
    `process.once('SIGTERM', close); const end = () => process.kill(process.pid, 'SIGTERM')`,
    { code: 0, signal: null },
  ],
} as const

describe.each(['module', 'commonjs'] as const)('an application that is a %s, with no code for tracing', (type) => {
  it.each(Object.entries(ends))('exports marked spans before it ends, when it %s', async (_, [end, expected]) => {
    const { exit, stderr } = await run([`--input-type=${type}`, '--eval', `${load[type]}\n${app}\n${end}`])
    expect(stderr).toBe('')
    expect(exit).toEqual(expected)
    const [server] = spans().filter((span) => span.kind === serverKind)
    expect(server).toMatchObject({
      name: 'GET /cart/:id',
      attributes: { 'http.route': '/cart/:id' },
      resource: { 'service.name': 'shop', 'service.version': '2.0.0' },
    })
    expect(spans().map(buildOf)).toEqual(spans().map(() => '2.0.0'))
  })
})

it('says on the resource where the build comes from', async () => {
  const env = {
    COALMINE_REVISION: '0123456789abcdef0123456789abcdef01234567',
    CI_PROJECT_URL: 'https://gitlab.example.com/acme/shop',
    COALMINE_AUTHOR: 'Ada Lovelace',
    POD_NAME: 'shop-7d9f8b6c5d-x2x4z',
    COALMINE_CHANGES: '2',
  }
  const script = `${load.module}; ${app}; const end = close`
  const { stderr } = await run(['--input-type=module', '--eval', script], { env })
  expect(spans()[0]?.resource).toMatchObject({
    'vcs.ref.head.revision': env.COALMINE_REVISION,
    'vcs.repository.url.full': env.CI_PROJECT_URL,
    'coalmine.change.author': 'Ada Lovelace',
    'service.instance.id': 'shop-7d9f8b6c5d-x2x4z',
    'deployment.id': 'shop-7d9f8b6c5d',
  })
  expect(stderr).toContain('this build bundles 2 changes')
})

it('holds spans back and packs flags when it is told to', async () => {
  const late = `
    import { markFlag } from '@coalmine/marks'
    import { trace } from '@opentelemetry/api'
    const tracer = trace.getTracer('app')
    tracer.startActiveSpan('job', (job) => {
      tracer.startSpan('ended before').end()
      markFlag('new-pricing', 'on')
      job.end()
    })`
  await run(['--input-type=module', '--eval', late], { env: { COALMINE_LATE: 'hold', COALMINE_ENCODING: 'packed' } })
  expect(spans().map(({ name, attributes }) => [name, attributes['coalmine.flags']])).toEqual([
    ['ended before', 'new-pricing=on'],
    ['job', 'new-pricing=on'],
  ])
})

describe('beside the SDK of another preload', () => {
  const preload = (name: string): string => join(import.meta.dirname, 'preloads', `${name}.mjs`)
  const script = `${load.module}; ${app}; const end = close`

  it.each([
    ['before it', (other: string) => ['@coalmine/register', other]],
    ['after it', (other: string) => [other, '@coalmine/register']],
  ])('marks the spans of that one, once each, when it is named %s', async (_, order) => {
    const imports = order(preload('auto-instrumentations-node')).flatMap((each) => ['--import', each])
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', COALMINE_LATE: 'hold' }
    const { exit, stderr } = await run(['--input-type=module', '--eval', script], { env, imports })
    expect({ stderr, exit }).toEqual({ stderr: '', exit: { code: 0, signal: null } })
    expect(spans().filter((span) => span.kind === serverKind)).toHaveLength(1)
    expect(spans().map(buildOf)).toEqual(spans().map(() => '2.0.0'))
  })

  it('says what to do when that one cannot be marked from outside', async () => {
    const imports = [preload('unknown-sdk'), '@coalmine/register'].flatMap((each) => ['--import', each])
    const { exit, stdout, stderr } = await run(['--eval', 'console.log("runs")'], { imports })
    expect(stderr).toMatch(/^@coalmine\/register: no marks: another OpenTelemetry SDK runs here.*withCoalmine/)
    expect({ stdout, code: exit.code }).toEqual({ stdout: 'runs\n', code: 0 })
  })
})

it('keeps what OTEL_RESOURCE_ATTRIBUTES says, and leaves it as it was for child processes', async () => {
  const env = { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=live' }
  const script = `${load.module}; ${app}; const end = close; console.log(process.env.OTEL_RESOURCE_ATTRIBUTES)`
  const { stdout } = await run(['--input-type=module', '--eval', script], { env })
  expect(stdout).toBe('deployment.environment.name=live\n')
  expect(spans()[0]?.resource).toMatchObject({ 'deployment.environment.name': 'live', 'service.version': '2.0.0' })
})

it('believes signed test traffic, until its run is stopped, and sends its spans elsewhere', async () => {
  const secret = 'k1:0123456789abcdef0123456789abcdef'
  const folder = mkdtempSync(join(folders, 'of-'))
  writeFileSync(join(folder, 'revoked'), 'load-6\n')
  const [load6, load7] = ['load-6', 'load-7'].map((run) => {
    const [key] = parseSigningKeys(secret, 'key')
    return signMarker({ run, entity: 'user:42', audience: 'production', expiresAt: Date.now() + 60_000 }, key!)
  })
  const script = `${load.module}; import { isTestTraffic } from '@coalmine/marks'
    const server = http.createServer(express().get('/', (req, res) => res.json(isTestTraffic())))
    server.listen(0, '127.0.0.1', async () => {
      for (const marker of ['${load6}', '${load7}']) {
        const answer = await fetch('http://127.0.0.1:' + server.address().port, { headers: { 'coalmine-test': marker } })
        console.log(await answer.text())
      }
      server.close().closeAllConnections()
    })`
  const { stdout, stderr } = await run(['--input-type=module', '--eval', script], {
    env: {
      COALMINE_TEST_KEYS: secret,
      COALMINE_AUDIENCE: 'production',
      COALMINE_SYNTHETIC_TYPE: 'traffic.kind',
      COALMINE_REVOKED_FILE: join(folder, 'revoked'),
      COALMINE_TEST_EXPORTER_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}/tests/`,
    },
  })
  expect(stderr).toBe('')
  expect(stdout).toBe('false\ntrue\n')
  const servers = spans().filter((span) => span.kind === serverKind)
  expect(
    servers.map(({ path, attributes }) => [
      path,
      ...['coalmine.test', 'coalmine.test.run', 'traffic.kind'].map((key) => attributes[key]),
    ]),
  ).toEqual(
    expect.arrayContaining([
      ['/v1/traces', undefined, undefined, undefined],
      ['/tests/v1/traces', true, 'load-7', 'test'],
    ]),
  )
  expect(new Set(spans().map(({ path, attributes }) => `${path} ${attributes['coalmine.test'] === true}`))).toEqual(
    new Set(['/v1/traces false', '/tests/v1/traces true']),
  )
})

it.each([
  [
    { COALMINE_TEST_KEYS: 'k1:short' },
    'COALMINE_TEST_KEYS: the secret of key k1 has 5 characters, 32 are needed: openssl rand -hex 32',
  ],
  [
    { COALMINE_TEST_EXPORTER_ENDPOINT: 'tests' },
    'COALMINE_TEST_EXPORTER_ENDPOINT: expected a URL such as http://tests:4318, got "tests"',
  ],
  [{ COALMINE_TRUST: 'some' }, 'COALMINE_TRUST: expected none or all, got "some"'],
  [{ COALMINE_ENCODING: 'tight' }, 'COALMINE_ENCODING: expected each, packed or both, got "tight"'],
  [{ COALMINE_LATE: 'never' }, 'COALMINE_LATE: expected open or hold, got "never"'],
  [{ OTEL_BSP_SCHEDULE_DELAY: 'soon' }, 'OTEL_BSP_SCHEDULE_DELAY: expected a whole number, got "soon"'],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'carrier-pigeon' },
    'OTEL_EXPORTER_OTLP_PROTOCOL: expected http/json, http/protobuf or grpc, got "carrier-pigeon"',
  ],
  [{ OTEL_PROPAGATORS: 'b3' }, 'OTEL_PROPAGATORS: expected tracecontext, baggage or none, got "b3"'],
])('names a setting that makes no sense, and runs the application all the same', async (env, message) => {
  const { exit, stdout, stderr } = await run(['--eval', 'console.log("runs")'], { env })
  expect(stderr).toBe(`@coalmine/register: no tracing: ${message}\n`)
  expect(stdout).toBe('runs\n')
  expect(exit.code).toBe(0)
})

it('names the packages that are missing, with the command that installs them', async () => {
  const cwd = mkdtempSync(join(folders, 'of-'))
  for (const name of ['@coalmine/register', '@coalmine/marks', '@opentelemetry/api']) {
    mkdirSync(join(cwd, 'node_modules', name), { recursive: true })
    cpSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name), { recursive: true, dereference: true })
  }
  const { exit, stdout, stderr } = await run(['--eval', 'console.log("runs")'], { cwd })
  expect(stderr).toMatch(/no tracing: not installed: .*\. Run: npm i .*@opentelemetry\/sdk-node/)
  expect(stderr).not.toMatch(/@opentelemetry\/instrumentation-express|\n\s+at /)
  expect(stdout).toBe('runs\n')
  expect(exit.code).toBe(0)
})

it.each([
  ['http/protobuf', 'application/x-protobuf'],
  ['http/json', 'application/json'],
])('speaks %s when told to', async (protocol, contentType) => {
  const script = `${load.module}; ${app}; const end = close`
  await run(['--input-type=module', '--eval', script], { env: { OTEL_EXPORTER_OTLP_PROTOCOL: protocol } })
  expect(contentTypes).toEqual([contentType])
})

it('marks, and sends nothing, when OTEL_TRACES_EXPORTER is none', async () => {
  const script = `${load.module}; ${app}; const end = close`
  const { exit, stderr } = await run(['--input-type=module', '--eval', script], {
    env: { OTEL_TRACES_EXPORTER: 'none' },
  })
  expect({ exit, stderr }).toEqual({ exit: { code: 0, signal: null }, stderr: '' })
  expect(contentTypes).toEqual([])
})

it('does nothing when OTEL_SDK_DISABLED says so', async () => {
  const script = `${load.module}; ${app}; const end = close`
  const { exit } = await run(['--input-type=module', '--eval', script], { env: { OTEL_SDK_DISABLED: 'true' } })
  expect(exit.code).toBe(0)
  expect(contentTypes).toEqual([])
})

interface RunOptions {
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly imports?: readonly string[]
}

const ours = ['--import', '@coalmine/register']

async function run(args: string[], { env = {}, cwd = root, imports = ours }: RunOptions = {}) {
  const child = spawn(process.execPath, [...imports, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      OTEL_SERVICE_NAME: 'shop',
      COALMINE_VERSION: '2.0.0',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
      ...env,
    },
  })
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ])
  return { stdout, stderr, exit: { code, signal } }
}

const serverKind = 2

interface OtlpRequest {
  path: string
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] }
    scopeSpans: { spans: { name: string; kind: number; attributes: OtlpAttribute[] }[] }[]
  }[]
}

interface OtlpAttribute {
  key: string
  value: Record<string, unknown>
}

function spans() {
  return requests.flatMap((request) =>
    request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
      scopeSpans.flatMap((scope) =>
        scope.spans.map(({ name, kind, attributes }) => ({
          path: request.path,
          name,
          kind,
          attributes: plain(attributes),
          resource: plain(resource.attributes),
        })),
      ),
    ),
  )
}

/** Once is enough: a span says it where its resource does not. */
function buildOf({ attributes, resource }: ReturnType<typeof spans>[number]): unknown {
  const said = [attributes['service.version'], resource['service.version']].filter((version) => version !== undefined)
  return said.length === 1 ? said[0] : said
}

function plain(attributes: OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
