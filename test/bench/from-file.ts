/**
 * How long does a release wait for a verdict on a file? `coalmine compare --from` of 60 000 spans, of which those of the canary are slower and
 * fail more often: a FAIL with its reasons, from the start of the command to its exit, in a process of its own; the faster of three.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keyValues } from '../otlp.ts'
import type { BenchRow } from './marks.ts'

const requestCount = 30_000
const requestsOfLine = 50
const rounds = 3
const mostSeconds = 3

/** Compares from the file and gives the row of the table; about a quarter of a minute. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-from-'))
  try {
    const file = join(directory, 'spans.jsonl')
    await writeFile(file, lines().join('\n'))
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < rounds; round++) best = Math.min(best, await compareFrom(file))
    return [
      {
        name: `coalmine compare --from ${2 * requestCount} spans, a FAIL with its reasons, start to exit`,
        value: `${best.toFixed(2)} s`,
        target: `< ${mostSeconds} s`,
        ok: best < mostSeconds,
      },
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const cli = fileURLToPath(new URL('../../packages/cli/bin/coalmine.js', import.meta.url))

async function compareFrom(file: string): Promise<number> {
  const asked = ['--service', 'shop', '--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0']
  const started = performance.now()
  const stdout = await new Promise<string>((resolve) =>
    execFile(process.execPath, [cli, 'compare', '--from', file, ...asked], (_, text) => resolve(text)),
  )
  const seconds = (performance.now() - started) / 1000
  if (!stdout.includes('FAIL')) throw new Error(`the comparison said: ${stdout}`)
  return seconds
}

function lines(): string[] {
  const startNs = BigInt(Date.now() - 1_800_000) * 1_000_000n
  return Array.from({ length: requestCount / requestsOfLine }, (_, line) => {
    const byInstance = new Map<string, object[]>()
    for (let n = line * requestsOfLine; n < (line + 1) * requestsOfLine; n++) {
      const instance = n % 10 === 0 ? `canary-${n % 20}` : `stable-${n % 4}`
      byInstance.set(instance, [...(byInstance.get(instance) ?? []), ...spansOf(n, startNs)])
    }
    return JSON.stringify({
      resourceSpans: [...byInstance].map(([instance, spans]) => ({
        resource: { attributes: keyValues({ 'service.name': 'shop', 'service.instance.id': instance }) },
        scopeSpans: [{ scope: { name: '@opentelemetry/instrumentation-http', version: '0.1' }, spans }],
      })),
    })
  })
}

/** A request, and what it asked of a database. */
function spansOf(n: number, startNs: bigint): object[] {
  const isCanary = n % 10 === 0
  const luck = ((n * 2_654_435_761) % 4_294_967_296) / 4_294_967_296
  const start = startNs + BigInt(n) * 20_000_000n
  const ms = (20 + 30 * luck) * (isCanary ? 1.6 : 1)
  const isFailed = luck > (isCanary ? 0.95 : 0.995)
  const marks = {
    'service.version': isCanary ? '2.0.0' : '1.0.0',
    'coalmine.flag.checkout': n % 3 === 0 ? 'off' : 'on',
    'coalmine.flag.search': n % 5 === 0 ? 'off' : 'on',
  }
  const span = (id: number, ms: number): object => ({
    traceId: n.toString(16).padStart(32, 'a'),
    spanId: id.toString(16).padStart(16, 'b'),
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + BigInt(Math.round(ms * 1e6))),
  })
  const request = { 'http.route': `/op${n % 7}`, 'http.request.method': 'GET', 'url.path': `/op${n % 7}/${n}` }
  const status = isFailed ? { code: 2 } : {}
  return [
    { ...span(2 * n, ms), name: `GET /op${n % 7}`, kind: 2, attributes: keyValues({ ...request, ...marks }), status },
    {
      ...span(2 * n + 1, ms - 2),
      parentSpanId: (2 * n).toString(16).padStart(16, 'b'),
      name: 'SELECT orders',
      kind: 3,
      attributes: keyValues({ 'db.system.name': 'postgresql', ...marks }),
      status: {},
    },
  ]
}

if (import.meta.main) console.table(await run())
