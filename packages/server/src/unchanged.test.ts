// What must not change a verdict on real spans: more spans of the same traces, spans that arrive twice, and test traffic.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, type OtlpSpan } from '../../../test/otlp.ts'
import { randomOf } from '../../comparator/test/slices.ts'
import { type RunningServer, startServer } from './server.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-unchanged-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0, warn: () => {} })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Math.floor((Date.now() - 3_600_000) / 5_000) * 5_000

/** The verdict on two minutes of two builds, 12 requests a second each, after `more` had its way with each span. */
async function verdictOn(
  service: string,
  more: (span: OtlpSpan, random: () => number) => OtlpSpan[],
): Promise<Verdict> {
  const extra = randomOf(9)
  const bodies = ['1.0.0', '2.0.0'].map((version, build) => {
    const random = randomOf(build + 1)
    const spans = Array.from({ length: 1440 }, (_, index): OtlpSpan => {
      const at = BigInt(startMs + Math.floor((index * 120_000) / 1440)) * 1_000_000n
      const milliseconds = 20 * Math.exp(0.5 * (random() + random() + random() - 1.5)) * (build === 1 ? 1.1 : 1)
      return {
        traceId: `${build}${index}`.padStart(32, 'a'),
        spanId: `${build}${index}`.padStart(16, 'a'),
        name: 'GET',
        kind: 2,
        startTimeUnixNano: String(at),
        endTimeUnixNano: String(at + BigInt(Math.round(milliseconds * 1e6))),
        attributes: keyValues({ 'http.route': `/${index % 3}` }),
        status: { code: random() < 0.03 ? 2 : 0 },
      }
    }).flatMap((span) => [span, ...more(span, extra)])
    const resource = { attributes: keyValues({ 'service.name': service, 'service.version': version }) }
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans }] }] })
  })
  const post = (path: string, body: string, type: string): Promise<Response> =>
    fetch(server.url + path, { method: 'POST', body, headers: { 'content-type': type } })
  const answer = await post('/api/import', bodies.join('\n'), 'application/octet-stream')
  expect(await answer.json()).toMatchObject({ refusedCount: 0 })
  const cohorts = { stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
  const request = JSON.stringify({ service, ...cohorts, policy: { warmUp: 0 } })
  return (await post('/api/compare', request, 'application/json').then((response) => response.json())) as Verdict
}

const told = ({ verdict, findings, missing, cohorts }: Verdict): unknown => ({
  verdict,
  findings,
  missing,
  requests: [cohorts.stable.traces, cohorts.canary.traces],
})

let plain: Verdict
beforeAll(async () => {
  plain = await verdictOn('plain', () => [])
  expect(plain.findings.length).toBeGreaterThan(9)
})

it('more spans inside the same traces: calls below, and the same operation again', async () => {
  const repeated = await verdictOn('repeated', (span, random) => {
    const below = Array.from({ length: Math.floor(4 * random()) }, (_, at) => ({
      ...span,
      spanId: `${at}${span.spanId.slice(1)}`,
      parentSpanId: span.spanId,
      name: 'SELECT',
      kind: 3,
    }))
    // The same operation served twice in one trace, as a retry is: one value for the trace.
    const again = random() < 0.3 ? [{ ...span, spanId: `f${span.spanId.slice(1)}` }] : []
    return [...below, ...again]
  })
  expect(told(repeated)).toEqual(told(plain))
})

it('spans that arrive twice', async () => {
  expect(told(await verdictOn('twice', (span, random) => (random() < 0.5 ? [span] : [])))).toEqual(told(plain))
})

it('test traffic, slow and failing, in either build', async () => {
  const tested = await verdictOn('tested', (span, random) =>
    random() < 0.4
      ? [
          {
            ...span,
            traceId: `f${span.traceId.slice(1)}`,
            endTimeUnixNano: String(BigInt(span.startTimeUnixNano) + 900_000_000n),
            attributes: [...span.attributes!, { key: 'coalmine.test', value: { boolValue: true } }],
            status: { code: 2 },
          },
        ]
      : [],
  )
  expect(told(tested)).toEqual(told(plain))
  expect(tested.cohorts.canary.testRequests).toBeGreaterThan(400)
})
