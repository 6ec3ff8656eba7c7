import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-anchored-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0 })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const startMs = Math.floor((Date.now() - 1_800_000) / 60_000) * 60_000
let serial = 0

/** A call of the shop's to its database, within one of so many ticks. */
function call(namespace: string, tick: number, index: number) {
  serial++
  const at = BigInt(startMs + tick * 5000 + index * 100) * 1_000_000n
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
  return {
    traceId: serial.toString(16).padStart(32, '0'),
    spanId: serial.toString(16).padStart(16, '0'),
    parentSpanId: 'ab'.repeat(8),
    name: 'SELECT',
    kind: 3,
    startTimeUnixNano: String(at),
    endTimeUnixNano: String(at + 5_000_000n),
    attributes: [attribute('db.query.summary', 'SELECT carts'), attribute('db.namespace', namespace)],
  }
}

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

it('begins a comparison of calls by their own attributes with the first call of the canary', async () => {
  const spans = Array.from({ length: 40 }, (_, tick) =>
    Array.from({ length: 10 }, (_, index) => call(tick >= 20 && index % 2 ? 'new' : 'old', tick, index)),
  ).flat()
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] }
  await post('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
  const asked = { service: 'shop', stable: 'db.namespace=old', canary: 'db.namespace=new', scope: 'downstream' }
  const judged = async (): Promise<Verdict> => (await post('/api/compare', asked)).json() as Promise<Verdict>
  await expect.poll(async () => (await judged()).cohorts?.canary.requests).toBe(100)
  const verdict = await judged()
  expect(verdict.window).toMatchObject({ start: new Date(startMs + 100_000).toISOString(), anchored: true })
  expect(verdict.cohorts.stable.requests).toBe(100)

  // Ten calls in each tick: the window that is printed has those that were judged, wherever in a tick it was asked to begin and end.
  const some = Array.from({ length: 8 }, (_, at) => [startMs + 100_000 + 4_937 * at, startMs + 155_000 + 4_421 * at])
  for (const [start, end] of [
    [startMs + 100_000, startMs + 150_000],
    [startMs + 100_001, startMs + 149_999],
    ...some,
  ]) {
    const part = { ...asked, window: { start: new Date(start!).toISOString(), end: new Date(end!).toISOString() } }
    const { window, cohorts } = (await (await post('/api/compare', part)).json()) as Verdict
    const [printedStart, printedEnd] = [Date.parse(window.start), Date.parse(window.end)]
    expect(cohorts.stable.requests + cohorts.canary.requests, JSON.stringify(part)).toBe(
      (printedEnd - printedStart) / 500,
    )
    expect(window.seconds).toBe((printedEnd - printedStart) / 1000)
    expect(printedStart).toBeGreaterThanOrEqual(start!)
    expect(printedEnd).toBeLessThanOrEqual(end!)
  }
})
