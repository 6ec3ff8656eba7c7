import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type RunningServer, startServer } from '@coalmine/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inherited } from '../inherited.ts'
import { check, type Start, starts } from '../matrix/check.ts'
import { type Fixture, findNode, install } from '../matrix/install.ts'
import { checkTypes } from '../matrix/types.ts'
import { type Packed, packInto } from '../pack.ts'

const thousandSpans = `
  const { recordEvaluation } = require('@coalmine/flags')
  const { SpanKind, trace } = require('@opentelemetry/api')
  const tracer = trace.getTracer('test')
  for (let n = 0; n < 1000; n++)
    tracer.startActiveSpan('GET', { kind: SpanKind.SERVER }, (span) => {
      recordEvaluation({ key: 'new-pricing', variant: 'on', provider: 'own', reason: 'split' })
      span.end()
    })
  recordEvaluation({ key: 'at-start', value: true })`

// One fixture of each line of OpenTelemetry JS; "npm run matrix" has the others.
const parent = mkdtempSync(join(tmpdir(), 'coalmine-matrix-'))
let packages: readonly Packed[]
let server: RunningServer

beforeAll(async () => {
  packages = await packInto(parent)
  server = await startServer({ store: join(parent, 'store'), port: 0, grpcPort: 0 })
})
afterAll(async () => {
  await server.close()
  rmSync(parent, { recursive: true })
})

describe.each([
  ['OpenTelemetry JS 2.x, Express 4 and Fastify 5 on Node 20', 'otel-2', 20, ['http/json', 'grpc']],
  ['OpenTelemetry JS 3.x, Express 5 and Fastify 5 on Node 24', 'otel-3', 24, ['http/protobuf', 'grpc']],
] as const)('%s', (_, fixture: Fixture, major, protocols) => {
  let folder: string
  let node: string

  beforeAll(async () => {
    node = await findNode(major, parent)
    folder = await install(parent, fixture, packages)
  })

  it('sends marks along with requests to allowed hosts', async () => {
    const env = { OTEL_SERVICE_NAME: 'shop', COALMINE_VERSION: '2.0.0', COALMINE_SEND_TO: '127.0.0.1' }
    const args = ['--import', '@coalmine/register', 'outgoing.cjs']
    const { stdout, stderr } = await promisify(execFile)(node, args, {
      cwd: folder,
      env: { ...env, ...inherited, OTEL_TRACES_EXPORTER: 'none' },
    })
    expect(stderr).toBe('')
    const sent = 'coalmine.test=true,coalmine.via.shop=2.0.0'
    expect(JSON.parse(stdout)).toEqual([sent, sent, 'undefined', 'undefined'])
  })

  it.each(protocols)('exports to a coalmine server over %s', async (protocol) => {
    const service = `${fixture}-${protocol.replace('/', '-')}`
    const args = ['--import', '@coalmine/register', '--eval', thousandSpans]
    const { stderr } = await promisify(execFile)(node, args, {
      cwd: folder,
      env: {
        ...inherited,
        OTEL_SERVICE_NAME: service,
        COALMINE_VERSION: '2.0.0',
        OTEL_LOGS_EXPORTER: 'otlp',
        // As long as this machine needs.
        COALMINE_FLUSH_TIMEOUT: '100000',
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? server.grpcUrl! : server.url,
      },
    })
    expect(stderr).toBe('')
    const found = await fetch(`${server.url}/api/doctor?service=${service}`)
    expect(await found.json()).toMatchObject({
      spans: 1000,
      requests: 1000,
      withBuild: 1000,
      builds: ['2.0.0'],
      evaluations: [
        { flag: 'new-pricing', evaluations: 1000, providers: ['own'], reasons: ['split'], onSpans: true },
        { flag: 'at-start', evaluations: 1, onSpans: false },
      ],
    })
  })

  it('compiles', async () => {
    expect(await checkTypes(folder)).toBe('')
  })

  it.each(Object.keys(starts) as Start[])('marks every span: %s', async (start) => {
    const { spans, wrong } = await check(folder, node, start)
    expect(wrong).toEqual([])
    expect(spans).toBeGreaterThan(0)
  })
})
