import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { keyValues } from '../../../../test/otlp.ts'
import { type RunningServer, startServer } from '../server.ts'

let directory: string
let server: RunningServer
const told: string[] = []
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-clocks-'))
  server = await startServer({
    store: directory,
    port: 0,
    limits: { requestBytes: 100_000 },
    warn: (message) => told.push(message),
  })
})
beforeEach(() => {
  told.length = 0
})
afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

let serial = 0

async function send(service: string, aheadMs: number): Promise<void> {
  serial++
  const start = BigInt(Date.now() + aheadMs) * 1_000_000n
  const span = {
    traceId: serial.toString(16).padStart(32, '1'),
    spanId: serial.toString(16).padStart(16, '1'),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 1_000_000n),
  }
  const resource = { attributes: keyValues({ 'service.name': service }) }
  const response = await fetch(`${server.url}/v1/traces`, {
    method: 'POST',
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
    headers: { 'content-type': 'application/json' },
  })
  expect(response.status).toBe(200)
}

const hourMs = 3_600_000

it('tells once of a service whose clock is hours behind, and once when it is right again', async () => {
  await send('slow', -5 * hourMs)
  await send('slow', -5 * hourMs)
  await send('right', -1_000)
  await send('slow', 0)
  expect(told).toEqual([
    `the newest spans of "slow" arrived 5 hours after they ended, too late for verdicts: its clock or this server's is wrong, or a Collector is sending a backlog`,
    'spans of "slow" are current again',
  ])
})

it('tells that spans of the future are refused, with both times', async () => {
  await send('fast', 3 * hourMs)
  await send('fast', 3 * hourMs)
  expect(told).toEqual([
    expect.stringMatching(
      /^spans from the future are refused \(.* starts at .*Z, more than an hour from now\); this server's clock says .*Z: one of the clocks is wrong$/,
    ),
  ])
})

it('readyz says which limits requests met lately', async () => {
  const ready = async () => (await (await fetch(`${server.url}/readyz`)).json()) as { limited?: unknown }
  expect((await ready()).limited).toEqual({})
  for (let request = 0; request < 3; request++) {
    const response = await fetch(`${server.url}/v1/traces`, {
      method: 'POST',
      body: Buffer.alloc(200_000),
      headers: { 'content-type': 'application/x-protobuf' },
    })
    expect(response.status).toBe(413)
  }
  expect(await ready()).toMatchObject({ status: 'ok', limited: { large: 3 } })
})
