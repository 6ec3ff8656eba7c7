/**
 * How fast does a file come in? `coalmine import` of 600 000 spans, a request of 100 a line, OTLP as JSON, into a new store, from
 * the start of the command to its exit, in a process of its own; the faster of two.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { keyValues } from '../otlp.ts'
import type { BenchRow } from './marks.ts'

const spanCount = 600_000
const spansOfLine = 100
const rounds = 2
const target = 60_000

/** Imports the file and gives the row of the table; about a minute. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-import-'))
  try {
    const file = join(directory, 'spans.jsonl')
    const bytes = await write(file)
    let best = 0
    for (let round = 0; round < rounds; round++) {
      const seconds = await importInto(join(directory, `store-${round}`), file)
      best = Math.max(best, spanCount / seconds)
    }
    return [
      {
        name: `coalmine import of ${spanCount} spans of ${Math.round(bytes / spanCount)} bytes, OTLP JSON lines, start to exit`,
        value: `${Math.round(best)} spans/s`,
        target: `>= ${target} spans/s`,
        ok: best >= target,
      },
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const cli = fileURLToPath(new URL('../../packages/cli/bin/coalmine.js', import.meta.url))

async function importInto(store: string, file: string): Promise<number> {
  const started = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'import', file, '--store', store])
  const seconds = (performance.now() - started) / 1000
  if (!stdout.includes(`${spanCount} spans stored`)) throw new Error(`the import said: ${stdout}`)
  return seconds
}

async function write(file: string): Promise<number> {
  const startNs = BigInt(Date.now() - 1_800_000) * 1_000_000n
  const out = createWriteStream(file)
  for (let first = 0; first < spanCount; first += spansOfLine) {
    const spans = Array.from({ length: spansOfLine }, (_, n) => spanOf(first + n, startNs))
    const resource = { attributes: keyValues({ 'service.name': 'shop', 'service.instance.id': `i${first % 4}` }) }
    const scopeSpans = [{ scope: { name: '@opentelemetry/instrumentation-http', version: '0.1' }, spans }]
    if (!out.write(`${JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] })}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
  return out.bytesWritten
}

function spanOf(n: number, startNs: bigint): object {
  const start = startNs + BigInt(n) * 2_500_000n
  return {
    traceId: (n >> 1).toString(16).padStart(32, 'a'),
    spanId: n.toString(16).padStart(16, 'b'),
    ...(n % 2 === 1 && { parentSpanId: (n - 1).toString(16).padStart(16, 'b') }),
    name: `GET /op${n % 20}`,
    kind: n % 2 === 1 ? 3 : 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 20_000_000n + BigInt(n % 97) * 100_000n),
    attributes: keyValues({
      'http.route': `/op${n % 20}`,
      'http.request.method': 'GET',
      'service.version': n % 4 < 2 ? '1.0.0' : '2.0.0',
      'coalmine.flag.checkout': n % 3 === 0 ? 'off' : 'on',
      'url.path': `/op${n % 20}/${n}`,
      'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64)',
    }),
    status: {},
  }
}
