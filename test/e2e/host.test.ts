import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyValues } from '../otlp.ts'
import { bin, coalmine, coalmineHere, type Run, serve } from './coalmine.ts'
import { compareShop as compare, otlpLines, tickAgo } from './otlp.ts'

let folder: string
let spans: string
const holders: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coalmine-host-'))
  const traffic = { service: 'shop', route: 'GET /cart', from: tickAgo(60_000), seconds: 20, perSecond: 20 }
  spans = ['1.9.0', '2.0.0']
    .flatMap((version, seed) => otlpLines({ ...traffic, version, medianMs: 20, seed: seed + 1 }))
    .join('\n')
  writeFileSync(join(folder, 'spans.jsonl'), spans)
  expect(await coalmineHere(folder, ['import', '--store', 'kept', 'spans.jsonl'])).toMatchObject({ code: 0 })
})

afterAll(() => {
  for (const holder of holders) holder.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

it('several commands on one directory wait for each other', async () => {
  const commands = [[...compare], ['store'], ['doctor', '--service', 'shop']]
  const runs = await Promise.all(
    commands.map(async (command, n) => {
      await setTimeout(n * 200)
      return coalmine(folder, [...command, '--store', 'kept'])
    }),
  )
  expect(runs.map(({ stderr }) => stderr)).toEqual(['', '', ''])
  expect(runs.map(({ code }) => code)).toEqual([2, 0, 0])
})

it('commands that write wait too, and nothing is lost', async () => {
  const args = ['import', '--again', '--store', 'written', 'spans.jsonl']
  const runs = await Promise.all([0, 1].map(() => coalmine(folder, args)))
  expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(2).fill({ code: 0, stderr: '' }))
  const doctor = await coalmineHere(folder, ['doctor', '--service', 'shop', '--store', 'written', '--format', 'json'])
  expect(JSON.parse(doctor.stdout)).toMatchObject({ spans: 2 * 800 })
})

// A process that has a store, and works in it, does nothing, or hangs, as it is told.
const holder = `
  import { openStore } from '@coalmine/store'
  const store = await openStore({ location: process.argv.at(-1) })
  let told
  process.on('message', (message) => (told = message))
  process.send('open')
  while (!told) {
    await store.sizes()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  if (told === 'rest') process.send('idle')
  else await store.close().then(() => process.disconnect())`

async function hold(name: string): Promise<ChildProcess> {
  const args = ['--input-type=module', '-e', holder, join(folder, name)]
  const child = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  holders.push(child)
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the process that was to hold ${name} ended`)))
  ended.catch(() => {})
  await Promise.race([once(child, 'message'), ended])
  return child
}

describe.concurrent('a command waits for a process that has the store', () => {
  const doctor = (store: string): Promise<Run> => coalmine(folder, ['doctor', '--service', 'shop', '--store', store])
  const inVain = ({ pid }: ChildProcess, store: string): Run => ({
    code: 69,
    stdout: '',
    stderr: `coalmine: store ${join(folder, store)} is held by process ${pid}; stop it, or name another directory (or the server's URL)\n`,
  })

  it('as long as it works', async ({ expect }) => {
    const working = await hold('working')
    const run = doctor('working')
    let ended = false
    void run.finally(() => (ended = true))
    // Longer than a command waits for a process that does nothing.
    await setTimeout(12_000)
    expect(ended).toBe(false)
    working.send('close')
    expect(await run).toMatchObject({ code: 3, stderr: expect.stringContaining('no spans of service "shop"') })
  })

  it('and no longer when it does nothing', async ({ expect }) => {
    const idle = await hold('idle')
    idle.send('rest')
    await once(idle, 'message')
    expect(await doctor('idle')).toEqual(inVain(idle, 'idle'))
  })

  it('nor when it hangs, and not at all when it is dead', async ({ expect }) => {
    const hanging = await hold('hanging')
    hanging.kill('SIGSTOP')
    expect(await doctor('hanging')).toEqual(inVain(hanging, 'hanging'))
    hanging.kill('SIGKILL')
    await once(hanging, 'exit')
    expect(await doctor('hanging')).toMatchObject({ code: 3 })
  })
})

it('a directory that is no store is not made one by reading', async () => {
  mkdirSync(join(folder, 'documents'))
  const run = await coalmineHere(folder, [...compare, '--store', 'documents'])
  expect([run.code, run.stderr]).toEqual([69, expect.stringContaining('there is no store at documents')])
  expect(readdirSync(join(folder, 'documents'))).toEqual([])
})

it('a current folder that is gone is named', () => {
  const gone = mkdtempSync(join(folder, 'gone-'))
  const args = ['serve', '--port', '0', '--no-grpc', '--store', join(folder, 'kept')]
  const command = ['-c', 'rmdir "$PWD" && exec "$0" "$@"', process.execPath, bin, ...args]
  const { status, stderr } = spawnSync('sh', command, { cwd: gone, encoding: 'utf8' })
  expect([status, stderr]).toEqual([69, expect.stringContaining('the current folder is gone')])
})

it('a file is no store', async () => {
  const run = await coalmineHere(folder, ['serve', '--port', '0', '--store', 'spans.jsonl'])
  expect(run).toEqual({
    code: 69,
    stdout: '',
    stderr: `coalmine: store ${join(folder, 'spans.jsonl')}: it is a file; name a directory\n`,
  })
})

it('a directory that this user cannot write is named', async () => {
  const readable = join(folder, 'readable')
  mkdirSync(readable)
  chmodSync(readable, 0o555)
  chmodSync(folder, 0o755)
  // Root may write anywhere, so it does this as a user who owns nothing.
  const user = process.getuid!() === 0 ? { uid: 65534, gid: 65534 } : {}
  const run = spawnSync(process.execPath, [bin, 'import', '--store', readable, '-'], {
    ...user,
    input: spans,
    encoding: 'utf8',
  })
  expect([run.status, run.stdout, run.stderr]).toEqual([
    69,
    '',
    `coalmine: store ${readable}: cannot be written by this user; make it theirs, or name another directory\n`,
  ])
})

it('a server whose directory is taken away, bit by bit, tells of ticks that do not close, then refuses what is sent', async () => {
  const server = await serve(folder, ['--store', 'removed'])
  const post = (path: string, body: string): Promise<Response> =>
    fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const evaluation = {
    timeUnixNano: `${Date.now()}000000`,
    eventName: 'feature_flag.evaluation',
    attributes: keyValues({ 'feature_flag.key': 'new-pricing' }),
  }
  const resource = { attributes: keyValues({ 'service.name': 'shop' }) }
  const requests = {
    '/v1/logs': JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [evaluation] }] }] }),
    '/v1/traces': spans.slice(0, spans.indexOf('\n')),
  }
  try {
    let stderr = ''
    server.process.stderr!.on('data', (text) => (stderr += text))
    for (const [path, body] of Object.entries(requests))
      expect([path, await (await post(path, body)).json()]).toEqual([path, {}])
    rmSync(join(folder, 'removed', 'store'), { recursive: true })
    await expect.poll(() => stderr).toContain('coalmine: ticks cannot be closed at the moment: ')
    rmSync(join(folder, 'removed'), { recursive: true })
    for (const [path, body] of Object.entries(requests))
      expect([path, (await post(path, body)).status]).toEqual([path, 503])
  } finally {
    server.process.kill('SIGKILL')
  }
})
