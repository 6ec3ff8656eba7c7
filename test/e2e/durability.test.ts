import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { findServer, startServer } from '@coalmine/server'
import { openStore } from '@coalmine/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, protobufOf } from '../otlp.ts'

let directory: string
const running: ChildProcess[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-durability-'))
})

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

// A server in a process of its own, which can be killed.
const program = `
  import { startServer } from '@coalmine/server'
  const [store] = process.argv.slice(-1)
  const { url } = await startServer({ store, port: 0, watermarkMs: 200 })
  process.send(url)`

async function serve(): Promise<{ child: ChildProcess; url: string; stderr: () => string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  running.push(child)
  let stderr = ''
  child.stderr!.on('data', (text) => {
    stderr += text
  })
  const started = once(child, 'message') as Promise<[string]>
  const failed = once(child, 'exit').then(() => Promise.reject(new Error(stderr)))
  failed.catch(() => {})
  const [url] = await Promise.race([started, failed])
  return { child, url, stderr: () => stderr }
}

function spans(count: number): Buffer<ArrayBuffer> {
  const now = BigInt(Date.now()) * 1_000_000n
  return protobufOf({
    resourceSpans: [
      {
        resource: { attributes: keyValues({ 'service.name': 'storefront', 'service.version': '1.0.0' }) },
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: Array.from({ length: count }, () => ({
              traceId: randomBytes(16).toString('hex'),
              spanId: randomBytes(8).toString('hex'),
              name: 'GET /cart',
              kind: 2,
              startTimeUnixNano: String(now),
              endTimeUnixNano: String(now + 20_000_000n),
              attributes: keyValues({ 'http.route': '/cart' }),
            })),
          },
        ],
      },
    ],
  })
}

it('keeps every acknowledged span through kill -9, and counts each once', async () => {
  let acknowledged = 0
  const sent: Buffer<ArrayBuffer>[] = []
  for (let round = 0; round < 3; round++) {
    const { child, url } = await serve()
    const send = async (body: Buffer<ArrayBuffer>): Promise<boolean> => {
      const headers = { 'content-type': 'application/x-protobuf' }
      const answer = await fetch(`${url}/v1/traces`, { method: 'POST', body, headers }).catch(() => undefined)
      return answer?.status === 200
    }
    // What the last server did not acknowledge is sent again, as exporters do; it may be there already.
    const unsure = sent.splice(0)
    let killed = false
    const load = Array.from({ length: 4 }, async () => {
      while (!killed) {
        const body = unsure.pop() ?? spans(100)
        if (await send(body)) acknowledged += 100
        else sent.push(body)
      }
    })
    await setTimeout(1_500 + round * 700)
    child.kill('SIGKILL')
    killed = true
    await Promise.all(load)
  }
  const store = await openStore({ location: directory, watermarkMs: 0 })
  const raw = (await store.doctorFacts('storefront'))!
  await setTimeout(5_000)
  await store.closeDue()
  const { requests, open } = await store.known('storefront')
  await store.close()
  expect(open).toEqual({ ticks: 0, spans: 0 })
  expect(raw.spans).toBeGreaterThanOrEqual(acknowledged)
  expect(requests[0]! + raw.late).toBeGreaterThanOrEqual(acknowledged)
  // Requests that were stored but not acknowledged are the only others.
  expect(requests[0]!).toBeLessThanOrEqual(acknowledged + sent.length * 100)
  expect(acknowledged).toBeGreaterThan(1_000)
})

it('says who holds a directory, without a word from the engine', async () => {
  const { child, url, stderr } = await serve()
  expect(await findServer(directory)).toEqual({ url, pid: child.pid })
  await expect(startServer({ store: directory, port: 0 })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `store ${directory} is served by process ${child.pid} at ${url}; go through it, or stop it first`,
  })
  await expect(openStore({ location: directory })).rejects.toMatchObject({
    kind: 'held',
    message: `store ${directory} is held by process ${child.pid}; stop it, or name another directory (or the server's URL)`,
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await findServer(directory)).toBeUndefined()
  expect(stderr()).toBe('')
  await (await openStore({ location: directory })).close()
})
