import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '@coalmine/comparator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { routes } from '../../../test/openapi/routes.ts'
import { type RunningServer, startServer } from './server.ts'

const notify = {
  config: {
    targets: {
      team: { type: 'slack', urlEnv: 'NOT_SET' },
      bus: { type: 'webhook', url: 'http://127.0.0.1:9/nobody-listens' },
    },
  },
  environment: {},
} as const

const plan = `
rollout:
  stages: [{ share: 10%, approve: true }, { share: 50% }]
  actuator: { command: "true" }
`
const rollout = { config: async () => parseConfig(plan, 'coalmine.yaml'), environment: process.env }

let directory: string
let server: RunningServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-openapi-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0, lookEveryMs: 100, notify, rollout })
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

const spans = ['1', '2'].flatMap((build) =>
  Array.from({ length: 480 }, (_, index) => ({
    resource: {
      attributes: [
        attribute('service.name', 'shop'),
        attribute('service.version', build),
        attribute('service.instance.id', `${build}-a`),
      ],
    },
    scopeSpans: [
      {
        spans: [
          {
            traceId: hex(16),
            spanId: hex(8),
            name: 'GET /cart',
            kind: 2,
            startTimeUnixNano: String((startMs + index * 500) * 1_000_000),
            endTimeUnixNano: String((startMs + index * 500 + 20 + (index % 7)) * 1_000_000),
            status: build === '2' && index % 2 === 0 ? { code: 2 } : {},
            attributes: [attribute('http.route', '/cart'), attribute('coalmine.flag.new', index % 3 ? 'on' : 'off')],
          },
        ],
      },
    ],
  })),
)

// A request of a test run, of a service that nobody compares.
spans.push({
  resource: { attributes: [attribute('service.name', 'search')] },
  scopeSpans: [
    {
      spans: [
        {
          ...spans[0]!.scopeSpans[0]!.spans[0]!,
          traceId: hex(16),
          spanId: hex(8),
          attributes: [
            attribute('http.route', '/search'),
            attribute('coalmine.test', 'true'),
            attribute('coalmine.test.run', 'load-7'),
          ],
        },
      ],
    },
  ],
})

const cohorts = { service: 'shop', stable: 'service.version=1', canary: 'service.version=2' }
const query = new URLSearchParams(cohorts)
const window = { start: new Date(startMs).toISOString(), end: new Date(startMs + 240_000).toISOString() }
const config = {
  name: 'k',
  metrics: [{ name: 'errors', query: { coalmine: 'error-rate' }, groups: ['g'], analysisConfigurations: {} }],
  classifier: { groupWeights: { g: 100 } },
}

it('every route is in the document, and everything in the document is a route', async () => {
  const documented = routes.map(({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`)
  const isApi = (route: string): boolean => / \/(api|v1|gates)\/| \/(metrics|healthz|readyz)$/.test(route)
  expect(server.routes.filter(isApi).sort()).toEqual(documented.sort())
})

/** A schema whose references are found from elsewhere. */
const placed = (schema: object): object => JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object

interface OpenApi {
  readonly components: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>>
}
type Responses = Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>>

it('the routes answer what the document says', async () => {
  const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as OpenApi
  expect(document).toMatchObject({ openapi: '3.1.0', servers: [{ url: server.url }] })
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema({ $id: 'openapi', components: document.components })
  const seen = new Set<string>()

  /** Asks a route, and holds the answer against its schema. */
  const ask = async (name: string, path: string, init: { body?: unknown; status?: number; accept?: string } = {}) => {
    const { body, status = 200, accept = 'application/json' } = init
    const route = routes.find((one) => one.name === name)!
    const response = await fetch(server.url + path, {
      method: route.method.toUpperCase(),
      headers: { accept, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    expect([name, response.status, response.status === status ? '' : text]).toEqual([name, status, ''])
    seen.add(name)
    const answers = document.paths[route.path]![route.method]!.responses
    const schema = (answers[status] ?? answers['default']!).content?.['application/json']?.schema
    if (!schema) return text
    const answer = JSON.parse(text)
    const isValid = ajv.validate(placed(schema), answer)
    expect([name, isValid ? [] : ajv.errors]).toEqual([name, []])
    if (typeof route.body === 'string')
      expect([name, ajv.validate({ $ref: `openapi#/components/schemas/${route.body}` }, body)]).toEqual([
        name,
        status !== 400,
      ])
    return answer
  }

  await ask('exportTraces', '/v1/traces', { body: { resourceSpans: spans } })
  await ask('exportLogs', '/v1/logs', { body: { resourceLogs: [] } })
  await expect.poll(async () => (await ask('compare', '/api/compare', { body: cohorts })).verdict).toBe('fail')
  const started = await ask('startComparison', '/api/comparisons', {
    body: { ...cohorts, labels: { commit: 'abc' } },
    status: 201,
  })
  const one = `/api/comparisons/${started.id}`
  await expect.poll(async () => (await ask('getComparison', one)).state).toBe('ended')
  const { events } = await ask('followComparison', `${one}/events?wait=1s`)
  expect(events.map(({ event }: { event: string }) => event)).toEqual(['started', 'outcome', 'ended'])
  expect((await ask('followComparison', `${one}/events?after=${events.at(-1).id}`)).events).toEqual([])
  await ask('getCharts', `${one}/charts`)
  await ask('getTraces', `${one}/traces?operation=GET%20%2Fcart`)
  await ask('compareWithCharts', '/api/charts', { body: cohorts })
  await ask('stopComparison', `${one}/stop`, { body: {} })
  await ask('listComparisons', '/api/comparisons')
  await ask('getVerdict', `/api/verdict?${query}`)
  const { targets, open, recent } = await ask('getNotifications', '/api/notifications')
  expect([targets.length, open.length, recent.length > 0]).toEqual([2, 1, true])
  const rollout = await ask('startRollout', '/api/rollouts', { body: cohorts, status: 201 })
  const its = `/api/rollouts/${rollout.id}`
  await ask('getRollout', its)
  await ask('getRolloutHistory', `${its}/history`)
  expect((await ask('listRollouts', '/api/rollouts')).rollouts.length).toBe(1)
  await ask('pauseRollout', `${its}/pause`, { body: {} })
  await ask('resumeRollout', `${its}/resume`, { body: {} })
  await expect.poll(async () => (await ask('getRollout', its)).phase).toBe('baking')
  await ask('approveRollout', `${its}/approve`, { body: {} })
  await ask('advanceRollout', `${its}/advance`, { body: {} })
  await expect.poll(async () => (await ask('getRollout', its)).stage).toBe(2)
  await ask('abortRollout', `${its}/abort`, { body: { force: true } })
  await expect.poll(async () => (await ask('getRollout', its)).phase).toBe('rolled-back')
  await ask('judgeAsKayenta', '/api/kayenta', { body: { ...cohorts, ...window, config } })
  await ask('askAsArgo', '/gates/argo', { body: { ...cohorts, run: '7' } })
  const release = { name: 'shop', namespace: 'prod', checksum: 'a' }
  for (const { name, path } of routes.filter(({ path }) => path.startsWith('/gates/flagger/'))) {
    const status = /increase|promotion/.test(path) ? 409 : path.endsWith('/rollback') ? 404 : 200
    await ask(name, path, { body: release, status })
  }
  await ask('listKayentaConfigs', '/gates/kayenta/canaryConfig?application=shop')
  const arm = (scope: string) => ({ scope, ...window })
  const scopes = { default: { controlScope: arm(cohorts.stable), experimentScope: arm(cohorts.canary) } }
  const { canaryExecutionId } = await ask('startAsKayenta', '/gates/kayenta/canary/coalmine?application=shop', {
    body: { scopes },
  })
  await expect
    .poll(async () => (await ask('getAsKayenta', `/gates/kayenta/canary/${canaryExecutionId}`)).complete)
    .toBe(true)
  await ask('plan', '/api/plan', {
    body: { service: 'shop', stable: cohorts.stable, share: 0.5, power: 0.9, effects: ['errors=x5'], runs: 2 },
  })
  const replay = { kind: 'splits', share: 0.5, first: 0, count: 2 }
  await ask('calibrate', '/api/calibrate', {
    body: { service: 'shop', stable: cohorts.stable, replay, forSeconds: 60, seed: 1 },
  })
  await ask('backFill', '/api/backfill', { body: window })
  await ask('getKnown', '/api/known?service=shop')
  await ask('getDoctor', '/api/doctor?service=shop')
  await ask('getDoctor', '/api/doctor?service=none', { status: 404 })
  await ask('compare', '/api/compare', { body: { service: 'shop' }, status: 400 })
  const deploy = { service: 'shop', version: '2', author: 'maria', commit: '4f2c9d1', at: window.start, id: 'ci/7' }
  await ask('reportChange', '/api/changes', { body: deploy, status: 201 })
  await ask('reportChange', '/api/changes', { body: { kind: 'release' }, status: 400 })
  const { changes } = await ask('listChanges', '/api/changes?service=shop')
  expect(changes.map(({ id, author }: { id: string; author: string }) => [id, author])).toContainEqual([
    'ci/7',
    'maria',
  ])
  // Half of the requests went to it until the traffic ended.
  const { services } = await ask('getDora', '/api/dora?service=shop')
  expect(services).toMatchObject([{ service: 'shop', failed: 1, atFullTraffic: 1, caughtInCanary: 0, notRecovered: 1 }])
  await ask('getFlags', '/api/flags?service=shop')
  const flags = { keys: { pricing: { owner: 'maria' } } }
  expect((await ask('reportFlags', '/api/flags', { body: { flags, flag: 'pricing' } })).flags).toMatchObject([
    { flag: 'pricing', state: 'unseen', owner: 'maria' },
  ])
  await ask('reportFlags', '/api/flags', { body: { flags: { keys: 7 } }, status: 400 })
  await ask('getBuilds', '/api/builds?service=shop')
  expect((await ask('getServices', '/api/services')).services).toMatchObject([{ service: 'shop' }])
  await ask('getTests', '/api/tests')
  expect((await ask('listRuns', '/api/runs')).runs).toMatchObject([{ run: 'load-7', services: ['search'] }])
  await ask('getRun', '/api/runs/load-7')
  // Nothing would tell the services.
  await ask('revokeRun', '/api/runs/load-7/revoke', { body: {}, status: 409 })
  const stopped = await ask('revokeRun', '/api/runs/load-7/revoke', {
    body: { by: 'ana', why: 'wrong target', isInFile: true },
  })
  expect(stopped).toMatchObject({ state: 'revoked', revoked: { by: 'ana', why: 'wrong target' } })
  await ask('getBudgets', '/api/slo?service=shop')
  const slo = [{ service: 'shop', objective: '99.9%', journeys: ['GET /cart'], latency: '300ms' }]
  expect((await ask('countBudgets', '/api/slo', { body: { slo, ramp: '1%:30m,100%' } })).budgets).toHaveLength(1)
  await ask('getStore', '/api/store')
  await ask('importSpans', '/api/import?file=x', { body: { resourceSpans: [] } })
  await ask('getImport', '/api/import?file=x')
  await ask('login', '/api/login', { body: { token: 'any' }, status: 204 })
  await ask('getLogin', '/api/login')
  await ask('logout', '/api/logout', { body: {}, status: 204 })
  await ask('getHealth', '/healthz')
  await ask('getReady', '/readyz')
  await ask('getMetrics', '/metrics', { accept: 'text/plain' })
  await ask('getOpenApi', '/api/openapi.json')
  expect([...seen].sort()).toEqual(routes.map(({ name }) => name).sort())
})
