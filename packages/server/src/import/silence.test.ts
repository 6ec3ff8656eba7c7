import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keyValues } from '../../../../test/otlp.ts'
import { startServer } from '../server.ts'

it('an import that falls silent keeps the verdicts of a service from nobody, and goes on when it speaks again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-silence-'))
  const told: string[] = []
  const server = await startServer({
    store: directory,
    port: 0,
    watermarkMs: 0,
    drainMs: 200,
    limits: { silenceMs: 1_500 },
    warn: (message) => told.push(message),
  })
  const start = BigInt(Date.now() - 60_000) * 1_000_000n
  const line = (n: number): string => {
    const span = {
      traceId: n.toString(16).padStart(32, '1'),
      spanId: n.toString(16).padStart(16, '1'),
      name: 'GET /cart',
      kind: 2,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + 1_000_000n),
    }
    const resource = { attributes: keyValues({ 'service.name': 'shop', 'service.version': '1' }) }
    return `${JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })}\n`
  }
  const counted = async (): Promise<number> => {
    const answer = (await (await fetch(`${server.url}/api/doctor?service=shop`)).json()) as {
      operations?: { requests: number }[]
    }
    return answer.operations?.[0]?.requests ?? 0
  }
  try {
    const sending = request(`${server.url}/api/import`, { method: 'POST' })
    sending.on('error', () => {})
    // A batch is stored when a second has passed since it began.
    sending.write(line(1))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    sending.write(line(2))
    await expect.poll(counted, { timeout: 60_000 }).toBe(2)
    expect(told).toContain('an import has sent nothing for 1.5 s: ticks no longer wait for it')
    sending.write(line(3))
    sending.end()
    const [response] = await once(sending, 'response')
    response.resume()
    expect(response.statusCode).toBe(200)
    await expect.poll(counted, { timeout: 60_000 }).toBe(3)
  } finally {
    await server.close()
    await rm(directory, { recursive: true, force: true })
  }
}, 150_000)
