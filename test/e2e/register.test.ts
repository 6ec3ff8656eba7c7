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
import { inherited } from '../inherited.ts'
import { type OtlpJson, type PlainSpan, plainSpans } from './otlp-json.ts'

const root = join(import.meta.dirname, '../..')
const folders = mkdtempSync(join(tmpdir(), 'coalmine-register-'))
const requests: OtlpJson[] = []
const contentTypes: (string | undefined)[] = []
const sink = http.createServer(async (req, res) => {
  contentTypes.push(req.headers['content-type'])
  const body = await text(req)
  if (req.headers['content-type'] === 'application/json')
    requests.push({ ...(JSON.parse(body) as OtlpJson), path: req.url! })
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

// How else an application may end is in endings.test.ts.
describe('an application with no code for tracing', () => {
  it.each([
    ['module', 'gets SIGTERM'],
    ['commonjs', 'has nothing more to do'],
    ['commonjs', 'handles SIGTERM itself'],
  ] as const)('that is a %s exports marked spans before it ends, when it %s', async (type, ending) => {
    const [end, expected] = ends[ending]
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
    // Propagators are its business, too.
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', COALMINE_LATE: 'hold', OTEL_PROPAGATORS: 'b3,tracecontext' }
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

  it('names the version of an API that the application’s own does not see, and marks with the build', async () => {
    const imports = [preload('older-api'), '@coalmine/register'].flatMap((each) => ['--import', each])
    const { stdout, stderr } = await run(['--eval', 'console.log("runs")'], { imports })
    expect(stderr).toMatch(
      /started with @opentelemetry\/api 1\.9\.1, and .* 1\.10\.0, .*Run: npm i @opentelemetry\/api@1\.9\.1, or/,
    )
    expect(stdout).toBe('runs\njob 2.0.0\n')
  })

  it('sees the routes of Fastify, which that one does not', async () => {
    const imports = [preload('auto-instrumentations-node'), '@coalmine/register'].flatMap((each) => ['--import', each])
    const fastify = `
      import { fastify } from 'fastify'
      const app = fastify({ forceCloseConnections: true })
      app.get('/cart/:id', async () => 'ok')
      await (await fetch((await app.listen({ port: 0, host: '127.0.0.1' })) + '/cart/7')).text()
      await app.close()`
    await run(['--input-type=module', '--eval', fastify], {
      env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      imports,
    })
    expect(spans().map(({ name, kind }) => (kind === serverKind ? name : kind))).toContain('GET /cart/:id')
  })
})

it('says once that requests have no route, and that something else makes a second span of each', async () => {
  // The framework is unknown, as one is that was bundled into the application.
  const script = `
    const server = require('node:http').createServer((_, res) => res.end('ok')).listen(0, '127.0.0.1', async () => {
      for (let n = 0; n < 25; n++) await (await fetch('http://127.0.0.1:' + server.address().port)).text()
      server.close().closeAllConnections()
    })`
  const second = join(import.meta.dirname, 'preloads/second-instrumentation.mjs')
  const { stderr } = await run(['--eval', script], { imports: [...ours, '--import', second] })
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(
      /^coalmine: each request has two SERVER spans, one by own-sdk and one by @opentelemetry\/instrumentation-http, so it counts twice/,
    ),
    expect.stringContaining('none of the first 20 requests has a route: no instrumentation sees them'),
  ])
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

it('runs the application all the same where a setting makes no sense: without tracing where it is ours', async () => {
  const { exit, stdout, stderr } = await run(['--eval', 'console.log("runs")'], { env: { COALMINE_TRUST: 'some' } })
  expect(stderr).toBe('@coalmine/register: no tracing: COALMINE_TRUST: expected none or all, got "some"\n')
  expect({ stdout, code: exit.code }).toEqual({ stdout: 'runs\n', code: 0 })
})

it('names what it does not understand of OpenTelemetry’s variables, and keeps the rest', async () => {
  const env = {
    OTEL_SERVICE_NAME: '',
    OTEL_RESOURCE_ATTRIBUTES: 'team=cart,region,discount=100%,service.name=billing',
    OTEL_PROPAGATORS: 'b3,tracecontext',
    OTEL_TRACES_EXPORTER: 'zipkin,otlp,console',
  }
  const script = `require('@opentelemetry/api').trace.getTracer('app').startSpan('job').end()`
  const { stdout, stderr } = await run(['--eval', script], { env })
  expect(stderr.trimEnd().split('\n')).toEqual([
    '@coalmine/register: OTEL_RESOURCE_ATTRIBUTES: ignored, expected key=value with % as %25: region, discount=100%',
    '@coalmine/register: OTEL_TRACES_EXPORTER: "zipkin" is not known and is ignored, expected otlp, console or none',
    '@coalmine/register: OTEL_PROPAGATORS: "b3" is not known and is ignored, expected tracecontext, baggage or none',
  ])
  expect(stdout).toContain("name: 'job'")
  expect(spans()).toMatchObject([{ name: 'job', resource: { 'service.name': 'billing', team: 'cart' } }])
})

it('names the packages that are missing in one line, the API too, and runs the application all the same', async () => {
  const cwd = mkdtempSync(join(folders, 'of-'))
  const install = (name: string): void => {
    mkdirSync(join(cwd, 'node_modules', name), { recursive: true })
    cpSync(join(root, 'node_modules', name), join(cwd, 'node_modules', name), { recursive: true, dereference: true })
  }
  for (const name of ['@coalmine/register', '@coalmine/marks']) install(name)
  for (const missing of [
    'not installed: @opentelemetry/api, @opentelemetry/core',
    'not installed: @opentelemetry/core',
  ]) {
    if (!missing.includes('api')) install('@opentelemetry/api')
    // An application that has the middleware imports the API through it.
    const script = `
      const { currentTraffic, withRequestMarks } = require('@coalmine/marks')
      withRequestMarks({}, {}, { testTraffic: () => true }, () => console.log(currentTraffic()))
      import('@coalmine/marks/attributes').then(() => console.log('runs'))`
    const { exit, stdout, stderr } = await run(['--eval', script], { cwd })
    expect(stderr).toMatch(
      /^@coalmine\/register: no tracing: not installed: .*\. Run: npm i .*@opentelemetry\/sdk-node.*\n$/,
    )
    expect(stderr).toContain(missing)
    expect(stderr).not.toContain('@opentelemetry/instrumentation-express')
    expect({ stdout, code: exit.code }).toEqual({ stdout: 'test\nruns\n', code: 0 })
  }
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

it('does nothing when OTEL_SDK_DISABLED says so, nor in npm, which has the preload by NODE_OPTIONS', async () => {
  const npm = join(mkdtempSync(join(folders, 'of-')), 'npm-cli.js')
  writeFileSync(
    npm,
    `require('${join(root, 'node_modules/@opentelemetry/api')}').trace.getTracer('npm').startSpan('run').end()`,
  )
  const runs = [run([npm]), run(['--eval', `require('${npm}')`], { env: { OTEL_SDK_DISABLED: 'true' } })]
  expect((await Promise.all(runs)).map(({ exit }) => exit.code)).toEqual([0, 0])
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
      ...inherited,
      OTEL_SERVICE_NAME: 'shop',
      COALMINE_VERSION: '2.0.0',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(sink.address() as AddressInfo).port}`,
      // As long as this machine needs.
      COALMINE_FLUSH_TIMEOUT: '100000',
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

function spans(): PlainSpan[] {
  return plainSpans(requests)
}

/** Once is enough: a span says it where its resource does not. */
function buildOf({ attributes, resource }: PlainSpan): unknown {
  const said = [attributes['service.version'], resource['service.version']].filter((version) => version !== undefined)
  return said.length === 1 ? said[0] : said
}
