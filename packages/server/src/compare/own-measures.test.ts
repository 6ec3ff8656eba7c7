import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding, Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues } from '../../../../test/otlp.ts'
import { randomOf } from '../../../comparator/test/slices.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-measured-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0, warn: () => {} })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Math.floor((Date.now() - 3_600_000) / 5_000) * 5_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')

/** What a request of a build is like. */
interface Request {
  readonly attributes?: Readonly<Record<string, string>>
  readonly queries?: number
  /** Names of other spans below it. */
  readonly below?: readonly string[]
}

/** Sends sixty requests of each build every five seconds, for two minutes, and gives the name of their service. */
async function traffic(each: (canary: boolean, random: () => number) => Request): Promise<string> {
  const service = `shop-${hex(4)}`
  const random = randomOf(5)
  const lines: string[] = []
  for (const version of ['1.0.0', '2.0.0']) {
    const spans: unknown[] = []
    for (let index = 0; index < 24 * 60; index++) {
      const at = startMs + Math.floor((index * 120_000) / (24 * 60))
      const [traceId, spanId] = [hex(16), hex(8)]
      const { attributes = {}, queries = 0, below = [] } = each(version === '2.0.0', random)
      const span = (kind: number, more: Record<string, unknown>): unknown => ({
        traceId,
        kind,
        startTimeUnixNano: String(BigInt(at) * 1_000_000n),
        endTimeUnixNano: String(BigInt(at) * 1_000_000n + 20_000_000n),
        ...more,
      })
      spans.push(span(2, { spanId, name: 'GET', attributes: keyValues({ 'http.route': '/cart', ...attributes }) }))
      for (const name of below) spans.push(span(1, { spanId: hex(8), parentSpanId: spanId, name }))
      for (let query = 0; query < queries; query++)
        spans.push(
          span(3, {
            spanId: hex(8),
            parentSpanId: spanId,
            name: 'SELECT',
            attributes: keyValues({ 'db.system.name': 'postgresql' }),
          }),
        )
    }
    const resource = { attributes: keyValues({ 'service.name': service, 'service.version': version }) }
    lines.push(JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] }))
  }
  const answer = await post('/api/import', lines.join('\n'), 'application/octet-stream')
  expect(await answer.json()).toMatchObject({ refusedCount: 0 })
  return service
}

const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
  fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': type } })

const compare = (service: string, metrics: unknown, more: object = {}): Promise<Response> => {
  const cohorts = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  return post('/api/compare', JSON.stringify({ service, ...cohorts, policy: { metrics }, ...more }))
}

async function verdictOn(service: string, metrics: unknown, more: object = {}): Promise<Verdict> {
  return (await (await compare(service, metrics, more)).json()) as Verdict
}

const findingOf = ({ findings }: Verdict, metric: string): Finding => findings.find((one) => one.metric === metric)!

const alone = { latency: 'off', errors: 'off', 'client-errors': 'off' }

describe('metrics of the policy', () => {
  it('are judged from raw spans beside those that closed ticks know', async () => {
    const service = await traffic((canary, random) => ({
      attributes: { 'app.cost': String((canary ? 1.5 : 1) * (1 + random())), cached: String(random() < 0.5) },
      queries: canary && random() < 0.5 ? 4 : 2,
    }))
    const verdict = await verdictOn(service, {
      cost: { attribute: 'app.cost', margin: '5%' },
      queries: { calls: 'db.system.name=postgresql' },
      hits: { share: 'cached=true', worse: 'lower' },
    })
    expect(verdict).toMatchObject({ verdict: 'fail', source: 'ticks' })
    expect(findingOf(verdict, 'cost')).toMatchObject({ decision: 'fail', unit: 'number', statistic: 'p50' })
    expect(findingOf(verdict, 'cost').effect.value).toBeCloseTo(1.5, 1)
    expect(findingOf(verdict, 'queries')).toMatchObject({ decision: 'fail', part: expect.stringMatching('highest') })
    expect(findingOf(verdict, 'hits')).toMatchObject({ unit: 'share', stable: { count: 1440 } })
    expect(findingOf(verdict, 'hits').decision).not.toBe('fail')
    expect(findingOf(verdict, 'latency').decision).not.toBe('fail')
    expect(verdict.reasons).toContainEqual({
      code: 'raw-spans',
      weight: 'note',
      message: 'Computed from raw spans, which is slower: cost, queries, hits.',
    })
  })

  it('pass when they are alike, of which many are zero or none', async () => {
    const service = await traffic((_canary, random) => ({
      attributes: { 'app.cost': random() < 0.5 ? '0' : String(1 + random()) },
      queries: 2,
    }))
    const metrics = {
      ...alone,
      cost: { attribute: 'app.cost', margin: '60%' },
      queries: { calls: 'db.system.name=postgresql' },
      retries: { calls: 'http.request.resend_count!=0,span.name=GET' },
    }
    const verdict = await verdictOn(service, metrics)
    expect(findingOf(verdict, 'queries').decision).toBe('pass')
    expect(findingOf(verdict, 'retries')).toMatchObject({ part: 'above zero', stable: { count: 1440, events: 0 } })
    expect(findingOf(verdict, 'cost').decision).not.toBe('fail')
  })

  it('are told by the same cohorts when these are not rolled up', async () => {
    const service = await traffic(() => ({ attributes: { 'app.cost': '3', region: 'eu' } }))
    const cohorts = { stable: 'service.version=1.0.0,region=eu', canary: 'service.version=2.0.0,region=eu' }
    const verdict = await verdictOn(service, { ...alone, cost: { attribute: 'app.cost' } }, cohorts)
    expect(verdict).toMatchObject({ verdict: 'pass', source: 'spans' })
    expect(findingOf(verdict, 'cost')).toMatchObject({ stable: { count: 1440 }, canary: { count: 1440 } })
  })

  it('do not pass where a cohort lacks the attribute, and the verdict says so', async () => {
    const service = await traffic((canary) => ({ attributes: canary ? {} : { 'app.cost': '3' } }))
    const verdict = await verdictOn(service, { cost: { attribute: 'app.cost' } })
    expect(verdict.verdict).toBe('inconclusive')
    expect(verdict.reasons.find(({ code }) => code === 'values-missing')).toMatchObject({
      weight: 'blocks',
      message: expect.stringContaining("cost has no value in 0 % of stable's requests and 100 % of canary's"),
    })
  })

  it('do not pass with values below zero, which count as zero', async () => {
    const service = await traffic(() => ({ attributes: { balance: '-3' } }))
    const verdict = await verdictOn(service, { ...alone, balance: { attribute: 'balance' } })
    expect(verdict.verdict).toBe('inconclusive')
    expect(verdict.reasons.find(({ code }) => code === 'negative-values')).toMatchObject({ weight: 'blocks' })
  })

  it('are refused with the name of the metric when their selector cannot be read', async () => {
    const response = await compare('shop', { queries: { calls: 'postgresql' } })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain(
      'metrics.queries.calls: selector \\"postgresql\\": expected key=value, such as service.version=1.0.0 or flag:new-pricing=on',
    )
  })
})

it('what only the canary does, and how it fails, is told beside the verdict', async () => {
  const failing = { 'http.response.status_code': '500', 'error.type': 'TypeError' }
  const service = await traffic((canary, random) => ({
    ...(canary && random() < 0.05 ? { attributes: failing } : {}),
    queries: canary ? 0 : 1,
    below: canary ? ['render', 'audit'] : ['render'],
  }))
  const verdict = await verdictOn(service, {})
  expect(verdict.structure).toMatchObject([
    { kind: 'client', name: 'SELECT', change: 'missing', share: 1 },
    { kind: 'internal', name: 'audit', change: 'new', share: 1 },
  ])
  expect(verdict.errorTypes).toMatchObject([{ type: 'TypeError', stable: 0, new: true, more: true }])
  expect(verdict.reasons[0]!.message).toMatch(/Mostly TypeError: \d+ in canary, none in stable\.$/)
  expect(verdict.reasons.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['new-error-type', 'structure-differs', 'structure-differs']),
  )
})
