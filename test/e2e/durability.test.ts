import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findServer, startServer } from '@coalmine/server'
import { openStore } from '@coalmine/store'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyValues, protobufOfLogs } from '../otlp.ts'
import { soak } from '../soak/soak.ts'

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

it('keeps every acknowledged span through kill -9, counts each once, and closes each tick once', async () => {
  const { acknowledged, lost, stored, counted, late, closedTwice } = await soak(2)
  expect(acknowledged).toBeGreaterThan(1_000)
  expect([lost, closedTwice]).toEqual([0, 0])
  expect(counted).toBeLessThanOrEqual(stored)
  // A span that was sent again after its tick had closed is late, and was counted before.
  expect(counted + late).toBeGreaterThanOrEqual(stored)
})

it('keeps every acknowledged log record through kill -9', async () => {
  const { child, url } = await serve()
  const record = {
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    eventName: 'feature_flag.evaluation',
    attributes: keyValues({ 'feature_flag.key': 'new-pricing' }),
  }
  const scopeLogs = [{ scope: { name: '' }, logRecords: [record, record] }]
  const resource = { attributes: keyValues({ 'service.name': 'cart' }) }
  const body = protobufOfLogs({ resourceLogs: [{ resource, scopeLogs }] })
  const post = () =>
    fetch(`${url}/v1/logs`, { method: 'POST', body, headers: { 'content-type': 'application/x-protobuf' } })
  const answers = await Promise.all(Array.from({ length: 20 }, post))
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  const store = await openStore({ location: directory })
  try {
    expect((await store.services.doctor('cart'))?.evaluations).toMatchObject([{ flag: 'new-pricing', evaluations: 40 }])
  } finally {
    await store.close()
  }
})

it('says who holds a directory, without a word from the engine', async () => {
  const { child, url, stderr } = await serve()
  expect(await findServer(directory)).toEqual({ url, pid: child.pid })
  await expect(startServer({ store: directory, port: 0 })).rejects.toMatchObject({
    kind: 'unavailable',
    message: `store ${directory} is served by process ${child.pid} at ${url}; use --server ${url}, or stop it first`,
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
