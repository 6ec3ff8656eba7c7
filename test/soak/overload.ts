import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { createClient } from '@clickhouse/client'
import { createChdbConnection } from 'chdb/connection'
import { keyValues, protobufOf } from '../otlp.ts'
import type { Look, Watched } from './look.ts'

/** How a server was held up, and for how long. */
export interface Overload {
  readonly seconds: number
  readonly senders: number
  readonly comparisons: number
  readonly slowSenders: number
}

/** What came of it. */
export interface Held {
  readonly acknowledged: number
  /** Acknowledged spans that the store does not have. */
  readonly lost: number
  /** Requests that were asked to come back. */
  readonly askedBack: number
  readonly compared: number
  /** Answers to requests that are out to do harm, by status. */
  readonly bombs: Readonly<Record<string, number>>
  readonly slowestHealthMs: number
  /** The most memory of the process in MB: in the second fifth of the time, when it has settled, and after that. */
  readonly settledMb: number
  readonly mostMb: number
  readonly exit: { readonly code: number | null; readonly ms: number }
}

const program = `
  import { startServer } from '@coalmine/server'
  const [store] = process.argv.slice(-1)
  const { url, close } = await startServer({ store, port: 0, watermarkMs: 1_000, drainMs: 2_000 })
  process.once('SIGTERM', () => close().then(() => process.exit(0)))
  process.send(url)`

const spansOfRequest = 500

/** Loads a server beyond what it takes, asks it, attacks it, and stops it in the middle. */
export async function overload(asked: Overload): Promise<Held> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-overload-'))
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  try {
    const [url] = (await Promise.race([
      once(child, 'message'),
      exited.then(() => Promise.reject(new Error('the server ended before it listened'))),
    ])) as [string]
    const found = await attack(child, exited, url, asked)
    const stored = await spansIn(directory)
    const lost = found.ids.filter((id) => !stored.has(id)).length * spansOfRequest
    const { ids, ...rest } = found
    return { ...rest, acknowledged: ids.length * spansOfRequest, lost }
  } finally {
    child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
}

type Found = Omit<Held, 'acknowledged' | 'lost'> & { readonly ids: readonly string[] }

async function attack(
  child: ChildProcess,
  exited: Promise<[number | null]>,
  url: string,
  { seconds, senders, comparisons, slowSenders }: Overload,
): Promise<Found> {
  const ids: string[] = []
  const bombs: Record<string, number> = {}
  const looks: Look[] = []
  let askedBack = 0
  let compared = 0
  let stopped = false
  const until = async (work: () => Promise<unknown>): Promise<void> => {
    while (!stopped) await work().catch(() => setTimeout(50))
  }
  const watch = new Worker(new URL('./look.ts', import.meta.url), {
    workerData: { url, pid: child.pid! } satisfies Watched,
  })
  watch.on('message', (look: Look) => looks.push(look))
  const sockets = Array.from({ length: slowSenders }, () => beginSlowly(url))
  const all = [
    ...Array.from({ length: senders }, () =>
      until(async () => {
        const { id, body } = newRequest()
        const { status } = await post(`${url}/v1/traces`, body, protobufType)
        if (status === 200) ids.push(id)
        else {
          askedBack++
          await setTimeout(100)
        }
      }),
    ),
    ...Array.from({ length: comparisons }, () =>
      until(async () => {
        if ((await post(`${url}/api/compare`, Buffer.from(comparison), jsonType)).status === 200) compared++
      }),
    ),
    until(async () => {
      const { status } = await post(`${url}/v1/traces`, bomb, jsonType, { 'content-encoding': 'gzip' })
      bombs[status] = (bombs[status] ?? 0) + 1
      await setTimeout(500)
    }),
  ]
  await setTimeout(seconds * 1_000)
  const since = performance.now()
  child.kill('SIGTERM')
  const [code] = await exited
  const exit = { code, ms: Math.round(performance.now() - since) }
  stopped = true
  await Promise.all(all)
  for (const socket of sockets) socket.destroy()
  await watch.terminate()
  const memory = looks.map(({ memoryMb }) => memoryMb)
  const fifth = Math.ceil(memory.length / 5)
  return {
    ids,
    askedBack,
    compared,
    bombs,
    slowestHealthMs: Math.round(Math.max(...looks.map(({ healthMs }) => healthMs))),
    settledMb: Math.max(...memory.slice(fifth, 2 * fifth)),
    mostMb: Math.max(...memory.slice(2 * fifth)),
    exit,
  }
}

const jsonType = 'application/json'
const protobufType = 'application/x-protobuf'
const comparison = JSON.stringify({ service: 'soak', stable: 'service.version=1', canary: 'service.version=2' })
const bomb = gzipSync(`{"resourceSpans":[${Array(4_000_000).fill('{}').join()}]}`)

/** The first eight bytes of its traces are its id. */
function newRequest(): { readonly id: string; readonly body: Buffer<ArrayBuffer> } {
  const id = randomBytes(8).toString('hex')
  const start = BigInt(Date.now()) * 1_000_000n
  const spans = Array.from({ length: spansOfRequest }, (_, n) => ({
    traceId: id + n.toString(16).padStart(16, '0'),
    spanId: randomBytes(8).toString('hex'),
    name: 'GET /cart',
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 20_000_000n),
    attributes: keyValues({ 'http.route': `/op${n % 20}`, 'service.version': String(1 + (n % 2)) }),
  }))
  const resource = { attributes: keyValues({ 'service.name': 'soak' }) }
  return { id, body: protobufOf({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'soak' }, spans }] }] }) }
}

async function post(
  url: string,
  body: Buffer<ArrayBuffer>,
  type: string,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number }> {
  const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type, ...headers } })
  await response.arrayBuffer()
  return { status: response.status }
}

function beginSlowly(url: string): Socket {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.resume()
  const head = ['POST /v1/traces HTTP/1.1', `Host: ${host}`, `Content-Type: ${jsonType}`, 'Transfer-Encoding: chunked']
  socket.write(`${head.join('\r\n')}\r\n\r\n1\r\n{\r\n`)
  return socket
}

/** The ids of the requests of which every span is there. */
async function spansIn(directory: string): Promise<Set<string>> {
  const connection = createChdbConnection({ path: directory }) as unknown as NonNullable<
    NonNullable<Parameters<typeof createClient>[0]>['connection']
  >
  const client = createClient({ connection })
  try {
    const query = `
      SELECT substring(TraceId, 1, 16) AS id FROM otel_traces GROUP BY id HAVING uniqExact(TraceId) = ${spansOfRequest}`
    const rows = await (await client.query({ query, format: 'JSONEachRow' })).json<{ id: string }>()
    return new Set(rows.map(({ id }) => id))
  } finally {
    await client.close()
  }
}
