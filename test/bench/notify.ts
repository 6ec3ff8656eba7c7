/**
 * Is any message lost? A target that fails half of the time, and a server that is killed twenty times while it sends: each message comes at
 * least once, in order, and with an id by which repetitions are dropped.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@coalmine/store'
import { randomOf } from '../../packages/comparator/test/slices.ts'
import type { BenchRow } from './marks.ts'

/** What came of a run. */
export interface Delivered {
  readonly messages: number
  readonly kills: number
  /** Messages that came at least once. */
  readonly distinct: number
  /** Messages that came more than once, which their ids show. */
  readonly repeated: number
  /** Messages that came for the first time after a later one had. */
  readonly outOfOrder: number
  /** Requests that the target failed. */
  readonly failed: number
  readonly seconds: number
}

/** Sends messages to a target that fails half of the time, and kills who sends them so many times. */
export async function deliver(messages: number, kills: number): Promise<Delivered> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-notify-'))
  const random = randomOf(17)
  const came = new Map<string, number>()
  let [failed, last, outOfOrder] = [0, 0, 0]
  let sender: ChildProcess | undefined
  let killed = 0
  const target = createServer((request, response) => {
    request.resume()
    const id = String(request.headers['webhook-id'])
    if (random() < 0.5) {
      failed++
      response.writeHead(503).end()
      return
    }
    const number = Number(/^message\/(\d+)\//.exec(id)![1])
    if (!came.has(id)) {
      if (number < last) outOfOrder++
      last = Math.max(last, number)
    }
    came.set(id, (came.get(id) ?? 0) + 1)
    // The message came, and the answer may not.
    if (killed < kills && came.size >= ((killed + 1) * messages) / (kills + 1)) {
      killed++
      sender!.kill('SIGKILL')
    }
    response.writeHead(200).end()
  })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`
  const started = performance.now()
  try {
    for (;;) {
      sender = spawn(process.execPath, [import.meta.filename, 'send', directory, url, String(messages)], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      const [code, signal] = (await once(sender, 'exit')) as [number | null, string | null]
      if (code === 0) break
      if (signal !== 'SIGKILL') throw new Error(`who sends ended with code ${code}`)
    }
  } finally {
    sender?.kill('SIGKILL')
    target.closeAllConnections()
    target.close()
    await rm(directory, { recursive: true, force: true })
  }
  return {
    messages,
    kills: killed,
    distinct: came.size,
    repeated: [...came.values()].filter((times) => times > 1).length,
    outOfOrder,
    failed,
    seconds: (performance.now() - started) / 1000,
  }
}

/** A minute or two on two cores. */
export async function run(): Promise<BenchRow[]> {
  const { messages, kills, distinct, repeated, outOfOrder, failed, seconds } = await deliver(10_000, 20)
  return [
    {
      name: `of ${messages} messages came, ${kills} kills`,
      value: String(distinct),
      target: `${messages}`,
      ok: distinct === messages,
    },
    { name: 'came for the first time after a later one', value: String(outOfOrder), target: '0', ok: outOfOrder === 0 },
    {
      name: 'came again, by the same id',
      value: String(repeated),
      target: `<= ${kills * 50}`,
      ok: repeated <= kills * 50,
    },
    {
      name: `all of it, ${failed} requests failed by the target`,
      value: `${seconds.toFixed(0)} s`,
      target: '< 300 s',
      ok: seconds < 300,
    },
  ]
}

/** Tells all messages that were not told before, and waits until they are delivered. */
async function send(directory: string, url: string, messages: number): Promise<void> {
  const { startNotify } = await import('../../packages/server/src/notify/start-notify.ts')
  const store = await openStore({ location: directory })
  const notify = startNotify(
    { store, now: Date.now, warn: () => {}, slos: [] },
    {
      config: { targets: { bus: { type: 'webhook', url } } },
      environment: {},
      timing: { firstWaitMs: 1, longestWaitMs: 3 },
    },
    { baseUrl: () => 'http://localhost', tried: () => {} },
  )
  await notify.resume()
  notify.start()
  const together = 20
  for (let first = 1; first <= messages; first += together)
    await Promise.all(
      Array.from({ length: Math.min(together, messages - first + 1) }, (_, at) =>
        notify.alert({
          key: `message/${first + at}`,
          service: 'shop',
          severity: 'notify',
          title: `Message ${first + at}`,
          text: ['Something is the matter.'],
        }),
      ),
    )
  while (notify.lanes().some(({ pending }) => pending > 0)) await new Promise((resolve) => setTimeout(resolve, 5))
  await notify.close()
  await store.close()
}

if (import.meta.main) {
  const [, , mode, directory, url, messages] = process.argv
  if (mode === 'send') await send(directory!, url!, Number(messages))
  else console.table(await run())
}
