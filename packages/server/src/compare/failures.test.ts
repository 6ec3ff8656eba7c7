// Failures that the status of a request does not show, or shows as somebody else's.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PolicyInput, Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues } from '../../../../test/otlp.ts'
import { randomOf } from '../../../comparator/test/slices.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-failures-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0, warn: () => {} })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Math.floor((Date.now() - 3_600_000) / 5_000) * 5_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')

/** A span, or an exception in the request's own. */
interface Below {
  readonly name: string
  readonly kind: number
  readonly failed: boolean
}

const client = 3
const internal = 1
const exceptions = [{ timeUnixNano: '1', name: 'exception', attributes: keyValues({ 'exception.type': 'PriceError' }) }]

/** Twenty requests of each build a second, for two minutes, with what lies below them; gives the name of their service. */
async function traffic(
  attributesOf: (canary: boolean, random: () => number) => Readonly<Record<string, string>>,
  belowOf: (canary: boolean, random: () => number) => readonly Below[] = () => [],
  caught: (canary: boolean, random: () => number) => boolean = () => false,
): Promise<string> {
  const service = `shop-${hex(4)}`
  const random = randomOf(5)
  const lines = ['1.0.0', '2.0.0'].map((version) => {
    const canary = version === '2.0.0'
    const spans = Array.from({ length: 120 * 20 }, (_, index) => {
      const at = BigInt(startMs + index * 50) * 1_000_000n
      const [traceId, spanId] = [hex(16), hex(8)]
      const request = {
        traceId,
        spanId,
        kind: 2,
        name: 'shop.Cart/Get',
        startTimeUnixNano: String(at),
        endTimeUnixNano: String(at + 20_000_000n),
        attributes: keyValues(attributesOf(canary, random)),
        events: caught(canary, random) ? exceptions : [],
      }
      const below = belowOf(canary, random).map(({ name, kind, failed }, place) => ({
        traceId,
        spanId: hex(8),
        parentSpanId: spanId,
        kind,
        name,
        startTimeUnixNano: String(at + BigInt(place + 1) * 1_000_000n),
        endTimeUnixNano: String(at + BigInt(place + 2) * 1_000_000n),
        status: failed ? { code: 2 } : {},
        events: failed ? exceptions : [],
      }))
      return [request, ...below]
    }).flat()
    const resource = { attributes: keyValues({ 'service.name': service, 'service.version': version }) }
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] })
  })
  const answer = await post('/api/import', lines.join('\n'), 'application/octet-stream')
  expect(await answer.json()).toMatchObject({ refusedCount: 0 })
  return service
}

const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
  fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': type } })

async function verdictOn(service: string, policy: PolicyInput = {}, more: object = {}): Promise<Verdict> {
  const cohorts = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0', ...more }
  return (await (await post('/api/compare', JSON.stringify({ service, ...cohorts, policy }))).json()) as Verdict
}

describe('a canary that blames its clients', () => {
  it.each<[string, (bad: boolean) => Record<string, string>, string]>([
    [
      'gRPC by number',
      (bad) => ({ 'rpc.system': 'grpc', 'rpc.grpc.status_code': bad ? '16' : '0' }),
      'gRPC UNAUTHENTICATED',
    ],
    [
      'gRPC by name',
      (bad) => ({ 'rpc.system.name': 'grpc', 'rpc.response.status_code': bad ? 'RESOURCE_EXHAUSTED' : 'OK' }),
      'gRPC RESOURCE_EXHAUSTED',
    ],
    ['HTTP', (bad) => ({ 'http.response.status_code': bad ? '401' : '200' }), 'HTTP 401'],
    ['the old name of HTTP', (bad) => ({ 'http.status_code': bad ? '429' : '200' }), 'HTTP 429'],
  ])('FAILs, and the verdict names the code: %s', async (_, attributesOf, code) => {
    const service = await traffic((canary, random) => attributesOf(random() < (canary ? 0.3 : 0.02)))
    const verdict = await verdictOn(service)
    expect(verdict.verdict).toBe('fail')
    expect(verdict.reasons.filter(({ weight }) => weight === 'decides')).toMatchObject([
      {
        message: expect.stringMatching(`^shop.Cart/Get is answered with client errors more often: .* Mostly ${code}: `),
      },
    ])
    expect(verdict.findings.filter(({ decision }) => decision === 'fail')).toMatchObject([{ metric: 'client-errors' }])
    expect(verdict.clientErrorCodes).toMatchObject([
      { type: code, new: false, more: true, operations: ['shop.Cart/Get'] },
    ])
    expect(verdict.errorTypes).toEqual([])
  })

  it('does not FAIL where stable does it as often, in other codes or not, by one name of the codes or the other', async () => {
    const service = await traffic((canary, random): Record<string, string> => {
      const bad = random() < 0.05
      if (canary) return { 'rpc.response.status_code': bad ? 'NOT_FOUND' : 'OK' }
      return { 'rpc.grpc.status_code': bad ? '5' : '0' }
    })
    const verdict = await verdictOn(service)
    expect(verdict.verdict).not.toBe('fail')
    expect(verdict.clientErrorCodes).toMatchObject([{ type: 'gRPC NOT_FOUND', new: false, more: false }])
  })

  it('is judged by a policy that says 4xx, as before there were codes of gRPC among them', async () => {
    const service = await traffic((canary, random) => ({
      'rpc.grpc.status_code': random() < (canary ? 0.3 : 0.02) ? '7' : '0',
    }))
    expect(await verdictOn(service, { metrics: { '4xx': 'off' } })).not.toMatchObject({ verdict: 'fail' })
    const advisory = await verdictOn(service, { metrics: { '4xx': { gate: 'advisory' } } })
    expect(advisory.verdict).not.toBe('fail')
    expect(advisory.advisory).toEqual({
      verdict: 'fail',
      message: expect.stringContaining('worse than the margin: the share of client errors'),
    })
    expect(advisory.policy.metrics.map(({ name }) => name)).toContain('client-errors')
  })
})

const answers200 = (): Record<string, string> => ({ 'http.response.status_code': '200' })
const noted = ({ reasons }: Verdict) => reasons.filter(({ code }) => code === 'inner-errors')
const innerFinding = ({ findings }: Verdict) => findings.find(({ metric }) => metric === 'inner-errors')

describe('a canary that hides its errors', () => {
  it('is told of in a note, and FAILs where the policy asks: GraphQL that answers 200 over resolvers that failed', async () => {
    const service = await traffic(answers200, (canary, random) => [
      { name: 'graphql.resolve cart', kind: internal, failed: false },
      { name: 'graphql.resolve price', kind: internal, failed: random() < (canary ? 0.05 : 0.002) },
    ])
    const verdict = await verdictOn(service)
    expect(verdict.verdict).not.toBe('fail')
    expect(noted(verdict)).toMatchObject([
      {
        weight: 'note',
        message: expect.stringMatching(/^shop.Cart\/Get is hiding inner errors more often: 0\.\d+ % -> /),
      },
    ])
    expect(innerFinding(verdict)).toMatchObject({ gate: 'advisory', decision: 'fail', stable: { count: 2_400 } })
    const asked = await verdictOn(service, { metrics: { 'inner-errors': true } })
    expect(asked.verdict).toBe('fail')
    expect(innerFinding(asked)).toMatchObject({ gate: 'on', decision: 'fail' })
    const byAttribute = { stable: 'service.version=1.0.0,http.response.status_code=200' }
    const raw = await verdictOn(service, { metrics: { 'inner-errors': true } }, byAttribute)
    expect(raw).toMatchObject({ verdict: 'fail', source: 'spans' })
    expect(innerFinding(raw)).toMatchObject({
      stable: innerFinding(asked)!.stable,
      canary: innerFinding(asked)!.canary,
    })
  })

  it('is told of where it swallows exceptions, whether the span that has them is the request or below it', async () => {
    const service = await traffic(
      answers200,
      () => [],
      (canary, random) => random() < (canary ? 0.06 : 0.003),
    )
    expect(noted(await verdictOn(service))).toHaveLength(1)
  })

  it('is not told of where both hide as many, as where a second attempt succeeds', async () => {
    const service = await traffic(answers200, (_, random) => {
      const again = random() < 0.2
      return [
        { name: 'GET', kind: client, failed: again },
        ...(again ? [{ name: 'GET', kind: client, failed: false }] : []),
      ]
    })
    const verdict = await verdictOn(service)
    expect(noted(verdict)).toEqual([])
    expect(innerFinding(verdict)).toMatchObject({ gate: 'advisory', stable: { events: expect.any(Number) } })
    expect(innerFinding(verdict)!.stable.value).toBeCloseTo(0.2, 1)
    const asked = await verdictOn(service, { metrics: { 'inner-errors': { margin: '3,5pp' } } })
    expect(asked.findings.find(({ metric }) => metric === 'inner-errors')).toMatchObject({ decision: 'pass' })
  })

  it('hides nothing where it shows them, or has none', async () => {
    const service = await traffic(
      (canary, random) => ({ 'http.response.status_code': random() < (canary ? 0.1 : 0.02) ? '500' : '200' }),
      () => [{ name: 'SELECT', kind: client, failed: false }],
    )
    const verdict = await verdictOn(service)
    expect(verdict.verdict).toBe('fail')
    expect(innerFinding(verdict)).toBeUndefined()
  })
})
