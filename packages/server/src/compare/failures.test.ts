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

/** Twenty requests of each build a second, for two minutes; gives the name of their service. */
async function traffic(
  attributesOf: (canary: boolean, random: () => number) => Readonly<Record<string, string>>,
): Promise<string> {
  const service = `shop-${hex(4)}`
  const random = randomOf(5)
  const lines = ['1.0.0', '2.0.0'].map((version) => {
    const spans = Array.from({ length: 120 * 20 }, (_, index) => {
      const at = BigInt(startMs + index * 50) * 1_000_000n
      return {
        traceId: hex(16),
        spanId: hex(8),
        kind: 2,
        name: 'shop.Cart/Get',
        startTimeUnixNano: String(at),
        endTimeUnixNano: String(at + 20_000_000n),
        attributes: keyValues(attributesOf(version === '2.0.0', random)),
      }
    })
    const resource = { attributes: keyValues({ 'service.name': service, 'service.version': version }) }
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] })
  })
  const answer = await post('/api/import', lines.join('\n'), 'application/octet-stream')
  expect(await answer.json()).toMatchObject({ refusedCount: 0 })
  return service
}

const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
  fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': type } })

async function verdictOn(service: string, policy: PolicyInput = {}): Promise<Verdict> {
  const cohorts = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
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
        message: expect.stringMatching(
          `^shop.Cart/Get is answered with client errors more often: .* Above all ${code}: `,
        ),
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
