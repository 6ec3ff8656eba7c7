/**
 * What do marks cost a saturated hello-world application, export included? An Express one and a Fastify one, instrumented
 * and exporting OTLP over HTTP, answer a fixed number of requests from 20 connections and export all their spans: what
 * counts is the CPU time that takes. A saturated server with one core to itself answers one request in just that time,
 * and what else the machine does disturbs it less; the requests a second by the clock are beside it. So are plain
 * OpenTelemetry once more, which shows the noise, and the floor: the attributes that the marks come to, written on every
 * span by three lines that know nothing of requests. What they cost to export nothing that marks every span can avoid. And
 * so is the same application with `node --import @coalmine/register` in the place of its own set-up.
 *
 * The servers have one core, the client and the sink the other. Each variant is a process of its own; they take turns,
 * and what counts is the median of the ratios within a round.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { median } from 'simple-statistics'
import type { BenchRow } from './marks.ts'

const variantNames = [
  'plain',
  'null',
  'packed',
  'floor-packed',
  'register-packed',
  'each',
  'floor-each',
  'register-each',
] as const
type Variant = (typeof variantNames)[number]

const generations = 5
const roundCount = 6
const requestCount = 1200
const warmUp = 3000
const connectionCount = 20
const canPin = availableParallelism() > 1 && hasTaskset()
const serverFile = join(import.meta.dirname, 'app/server.ts')
const requestText = 'GET / HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench\r\n\r\n'

/** Runs both applications and gives the rows of the table; about five minutes on two cores. */
export async function run(): Promise<BenchRow[]> {
  if (canPin) execFileSync('taskset', ['-cp', '1', String(process.pid)], { stdio: 'ignore' })
  return [...(await compare('express')), ...(await compare('fastify'))]
}

async function compare(framework: string): Promise<BenchRow[]> {
  const sink = await startSink()
  const rounds: Record<Variant, Load>[] = []
  const bytes = {} as Record<Variant, number>
  for (let generation = 0; generation < generations; generation++) {
    const servers = await Promise.all(variantNames.map((variant) => start(framework, variant, sink.url)))
    try {
      // Until the compiler is done.
      for (const { port } of servers) await load(port, warmUp)
      for (let round = 0; round < roundCount; round++) {
        // Each variant comes first, last and after each other one in its turn.
        const order = servers.map((_, place) => servers[(place + round) % servers.length]!)
        if (round % 2) order.reverse()
        const times = {} as Record<Variant, Load>
        for (const { variant, port } of order) times[variant] = await load(port, requestCount)
        rounds.push(times)
      }
      if (generation === 0) {
        for (const { variant, port } of servers) bytes[variant] = await sink.bytesOfASpan(() => load(port, 200))
      }
    } finally {
      // Nothing is asked of their last spans.
      for (const { child } of servers) child.kill('SIGKILL')
    }
  }
  sink.close()
  const ratio = (variant: Variant, by: keyof Load = 'cpuSeconds', to: Variant = 'plain') =>
    median(rounds.map((times) => times[to][by] / times[variant][by]))
  const perSecond = (variant: Variant, by: keyof Load) =>
    Math.round(requestCount / median(rounds.map((times) => times[variant][by])))
  const row = (variant: Variant, name: string, target: string, ok: (ratio: number) => boolean): BenchRow => ({
    name: `${framework}: ${name}`,
    value: `${ratio(variant).toFixed(3)} x (${perSecond(variant, 'cpuSeconds')} requests/s of a core; by the clock ${ratio(variant, 'seconds').toFixed(3)} x, ${perSecond(variant, 'seconds')}/s; ${bytes[variant]} bytes a span as JSON)`,
    target,
    ok: ok(ratio(variant)),
  })
  const toFloor = (encoding: 'packed' | 'each'): BenchRow => {
    const found = ratio(encoding, 'cpuSeconds', `floor-${encoding}`)
    return {
      name: `${framework}: marked by us, flags ${encoding}, to the same attributes without us`,
      value: `${found.toFixed(3)} x`,
      target: '>= 0.98 x',
      ok: found >= 0.98,
    }
  }
  return [
    row('plain', 'plain OpenTelemetry', 'beside', () => true),
    row('null', 'the same again (noise)', '0.97 to 1.03 x', (found) => Math.abs(found - 1) <= 0.03),
    row('packed', 'marked, flags packed', 'beside', () => true),
    row('floor-packed', 'the same attributes, written by nothing of ours', 'beside', () => true),
    toFloor('packed'),
    row('register-packed', 'marked, with @coalmine/register, flags packed', 'beside', () => true),
    row('each', 'marked, flags each', 'beside', () => true),
    row('floor-each', 'the same attributes, written by nothing of ours', 'beside', () => true),
    toFloor('each'),
    row('register-each', 'marked, with @coalmine/register, flags each', 'beside', () => true),
  ]
}

async function start(
  framework: string,
  variant: Variant,
  url: string,
): Promise<{ variant: Variant; port: number; child: ChildProcess }> {
  const isRegistered = variant.startsWith('register-')
  const preload = isRegistered ? ['--import', '@coalmine/register'] : []
  const command = [process.execPath, ...preload, serverFile, framework, variant, url]
  const [file, ...args] = canPin ? ['taskset', '-c', '0', ...command] : command
  const env = {
    ...process.env,
    COALMINE_VERSION: '2.0.0',
    COALMINE_ENCODING: variant.split('-').at(-1),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
    OTEL_BSP_MAX_QUEUE_SIZE: '1000000',
  }
  const child = spawn(file as string, args, {
    cwd: import.meta.dirname,
    env: isRegistered ? env : process.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return { variant, port: Number(String(port)), child }
}

/** What it takes until so many requests are answered and their spans exported: the server's CPU time, and by the clock. */
interface Load {
  readonly cpuSeconds: number
  readonly seconds: number
}

async function load(port: number, requests: number): Promise<Load> {
  const before = await flush(port)
  const started = performance.now()
  let left = requests
  await Promise.all(
    Array.from({ length: connectionCount }, async () => {
      const socket = net.connect(port, '127.0.0.1').setNoDelay()
      const next = (): void => {
        if (left-- > 0) socket.write(requestText)
        else socket.end()
      }
      // An answer is one small packet, and the next request waits for it.
      socket.on('connect', next).on('data', next)
      await once(socket, 'close')
    }),
  )
  const cpuSeconds = ((await flush(port)) - before) / 1e6
  return { cpuSeconds, seconds: (performance.now() - started) / 1000 }
}

async function flush(port: number): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${port}/flush`)).text())
}

/** An OTLP receiver that reads what it gets, and counts when it is asked to. */
async function startSink(): Promise<{
  url: string
  bytesOfASpan(during: () => Promise<unknown>): Promise<number>
  close(): void
}> {
  let counted: { bytes: number; spans: number } | undefined
  const server = http.createServer(async (req, res) => {
    if (counted) {
      const body = await buffer(req)
      counted.bytes += body.length
      counted.spans += body.toString().split('"spanId"').length - 1
    } else req.resume()
    res.setHeader('content-type', 'application/json').end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    bytesOfASpan: async (during) => {
      counted = { bytes: 0, spans: 0 }
      await during()
      const { bytes, spans } = counted
      counted = undefined
      return Math.round(bytes / spans)
    },
    close: () => void server.close().closeAllConnections(),
  }
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , framework] = process.argv
  console.table(framework === undefined ? await run() : await compare(framework))
}
