import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inherited } from '../inherited.ts'
import { keyValues, protobufOf } from '../otlp.ts'
import { bin } from './coalmine.ts'

// A file system of its own, which only this process and its children see, and which goes with them.
const diskPath = '/mnt'
const mount = ['-rm', 'sh', '-c', `mount -t tmpfs -o size=192m none ${diskPath} && exec "$@"`, 'sh']
// Where none can be mounted, the server's own tests of a full disk are all there is.
const canMount = spawnSync('unshare', [...mount, 'true']).status === 0

let server: ChildProcess
let url: string
let disk: string
let stderr = ''

const serve = async (): Promise<void> => {
  const args = ['serve', '--store', join(diskPath, 'store'), '--port', '0', '--no-grpc', '--watermark', '1s']
  server = spawn('unshare', [...mount, process.execPath, bin, ...args, '--min-free', '32MB'], {
    env: inherited,
  })
  server.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [line] = (await once(createInterface(server.stdout!), 'line')) as [string]
  url = /http:\/\/[^\s/]+/.exec(line)![0]
  disk = `/proc/${server.pid}/root${diskPath}`
}

beforeAll(async () => {
  if (canMount) await serve()
})

afterAll(() => {
  server?.kill('SIGKILL')
})

// All of one tick, due when its five seconds and the watermark are over.
const tickDueMs = 6_000
const start = BigInt(Math.floor(Date.now() / 5_000) * 5_000) * 1_000_000n
let made = 0

/** A request of a hundred spans, each of a trace of its own, that hardly compress. */
function batch(): Buffer<ArrayBuffer> {
  const spans = Array.from({ length: 100 }, () => {
    const id = (++made).toString(16)
    const from = start + BigInt(made) * 1_000n
    return {
      traceId: id.padStart(32, '0'),
      spanId: id.padStart(16, '0'),
      name: 'GET /cart',
      kind: 2,
      startTimeUnixNano: String(from),
      endTimeUnixNano: String(from + 1_000_000n),
      attributes: keyValues({ junk: Array.from({ length: 40 }, () => Math.random().toString(36)).join('') }),
    }
  })
  const resource = { attributes: keyValues({ 'service.name': 'cart', 'service.version': '1.0.0' }) }
  return protobufOf({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: '' }, spans }] }] })
}

const send = (body: Buffer<ArrayBuffer>): Promise<Response> =>
  fetch(`${url}/v1/traces`, { method: 'POST', body, headers: { 'content-type': 'application/x-protobuf' } })

async function untilStored(body: Buffer<ArrayBuffer>): Promise<void> {
  for (;;) {
    const response = await send(body)
    if (response.ok) return
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    await setTimeout(200)
  }
}

const get = (path: string): Promise<Response> => fetch(url + path)

async function fill(leaveBytes: number): Promise<void> {
  const file = await open(join(disk, 'filler'), 'w')
  try {
    for (;;) {
      const { bavail, bsize } = await statfs(disk)
      const left = bavail * bsize - leaveBytes
      if (left <= 0) return
      await file.write(Buffer.alloc(Math.min(left, 1_000_000)))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
}

const empty = (): Promise<void> => rm(join(disk, 'filler'))

/** Requests in all: what comes by an import is counted with all that its tick has, the late spans too. */
async function requestsStored(known: Buffer<ArrayBuffer>): Promise<number | undefined> {
  await setTimeout(Number(start / 1_000_000n) + tickDueMs - Date.now())
  const imported = await fetch(`${url}/api/import`, { method: 'POST', body: known })
  expect(imported.status).toBe(200)
  const { requests } = (await (await get('/api/known?service=cart')).json()) as { requests: number[] }
  return requests[0]
}

const metric = async (line: RegExp): Promise<number> => Number(line.exec(await (await get('/metrics')).text())?.[1])

const first = batch()

it.runIf(canMount)('a full disk refuses spans, says so once, and is forgotten when there is room again', async () => {
  await untilStored(first)
  await fill(20_000_000)
  await expect.poll(async () => (await get('/readyz')).status).toBe(503)
  const refused = batch()
  const response = await send(refused)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
  expect(Buffer.from(await response.arrayBuffer()).toString()).toMatch(
    /store \/mnt\/store: its disk has \d+ MB free, and nothing is written below 32 MB; free some/,
  )
  const health = await get('/healthz')
  expect([health.status, await health.json()]).toMatchObject([200, { status: 'full', pid: server.pid }])
  expect(await metric(/\ncoalmine_ingest_requests_total\{outcome="full"\} (\d+)\n/)).toBe(1)
  expect(await metric(/\ncoalmine_store_free_bytes (\d+)\n/)).toBeLessThan(32_000_000)
  expect((await get('/api/store')).status).toBe(200)
  await empty()
  await untilStored(refused)
  expect((await get('/readyz')).status).toBe(200)
  expect(await requestsStored(first)).toBe(200)
  await expect
    .poll(() => stderr)
    .toMatch(
      /^coalmine: spans are refused: the disk has \d+ MB free, and 32 MB are needed\ncoalmine: spans are accepted again\n$/,
    )
})

it.runIf(canMount)('keeps what it acknowledged while others fill the disk to its last byte', async () => {
  let full = false
  const acknowledged = async (): Promise<void> => {
    while (!full) await untilStored(batch())
  }
  const senders = Promise.all(Array.from({ length: 4 }, acknowledged))
  await setTimeout(500)
  await fill(0)
  await setTimeout(1_000)
  full = true
  await empty()
  await senders
  expect(await requestsStored(first)).toBe(made)
  await expect.poll(() => stderr.match(/accepted again/g)).toHaveLength(2)
  // The engine writes nothing there, and ticks that a full disk kept open are told of once at most.
  const told = stderr.trim().split('\n')
  expect(told.filter((line) => !line.startsWith('coalmine: '))).toEqual([])
  expect(
    told.filter((line) => line.includes('spans are refused')),
    stderr,
  ).toHaveLength(2)
  expect(told.length).toBeLessThanOrEqual(6)
})

it.runIf(canMount)('a store is opened on a full disk, answers, and stays whole', () => {
  const coalmine = `"${process.execPath}" "${bin}"`
  const steps = [
    `cd ${diskPath}`,
    `${coalmine} import --store st -`,
    'cat /dev/zero > filler 2> /dev/null',
    'truncate -s -16K filler',
    `${coalmine} store --store st`,
    'rm filler',
    `${coalmine} store --store st`,
  ]
  const run = spawnSync('unshare', [...mount, 'sh', '-c', steps.join('; ')], { input: first, encoding: 'utf8' })
  expect(run.stderr).toBe('')
  expect(run.stdout.match(/^-: 100 spans stored$|^ {2}otel_traces +100 /gm)).toHaveLength(3)
})
