/**
 * How long does the command line take to start? Each command in a process of its own, from its start to its exit, as multiples of
 * what `node -e 0` takes beside it: the medians of ten rounds, after one that compiles the modules. `watch` is refused by the server
 * that it asks, and `compare --from` judges a file of a few spans.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from 'simple-statistics'
import { keyValues } from '../otlp.ts'
import type { BenchRow } from './marks.ts'

const rounds = 10
const cli = fileURLToPath(new URL('../../packages/cli/bin/coalmine.js', import.meta.url))
const cohorts = ['--service', 'shop', '--stable', 'service.version=1.0.0', '--canary', 'service.version=2.0.0']

/** Starts each command ten times and gives its row; about a minute. */
export async function run(): Promise<BenchRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'coalmine-start-'))
  const refusing = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"kind":"usage","message":"no"}}')
  })
  await once(refusing.listen(0, '127.0.0.1'), 'listening')
  try {
    const spans = join(directory, 'spans.jsonl')
    await writeFile(spans, lines().join('\n'))
    const url = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`
    const commands = [
      { argv: ['--version'], most: 3 },
      { argv: ['--help'], most: 3 },
      { argv: ['compare', '--help'], most: 4 },
      { argv: ['watch', '--server', url, ...cohorts], shown: 'watch --server, refused', most: 6 },
      { argv: ['compare', '--from', spans, ...cohorts], shown: 'compare --from, a few spans', most: 70 },
    ]
    return await rowsOf(commands, directory)
  } finally {
    refusing.close()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Started {
  readonly argv: readonly string[]
  readonly shown?: string
  /** How many times as long as `node -e 0` it may take. */
  readonly most: number
}

async function rowsOf(commands: readonly Started[], cwd: string): Promise<BenchRow[]> {
  const times = commands.map((): number[] => [])
  const bare: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const bareMs = await timeOf(['-e', '0'], cwd)
    if (round > 0) bare.push(bareMs)
    for (const [at, { argv }] of commands.entries()) {
      const ms = await timeOf([cli, ...argv], cwd)
      if (round > 0) times[at]?.push(ms)
    }
  }
  const bareMs = median(bare)
  return commands.map(({ argv, shown = argv.join(' '), most }, at) => {
    const ms = median(times[at] ?? [])
    return {
      name: `coalmine ${shown}, start to exit, beside node -e 0 (${bareMs.toFixed(0)} ms)`,
      value: `${(ms / bareMs).toFixed(1)} x (${ms.toFixed(0)} ms)`,
      target: `<= ${most} x`,
      ok: ms <= most * bareMs,
    }
  })
}

async function timeOf(argv: readonly string[], cwd: string): Promise<number> {
  const started = performance.now()
  await once(spawn(process.execPath, argv, { cwd, stdio: 'ignore' }), 'exit')
  return performance.now() - started
}

function lines(): string[] {
  const startNs = BigInt(Date.now() - 600_000) * 1_000_000n
  return Array.from({ length: 100 }, (_, n) => {
    const start = startNs + BigInt(n) * 1_000_000_000n
    const span = {
      traceId: n.toString(16).padStart(32, 'a'),
      spanId: n.toString(16).padStart(16, 'b'),
      name: 'GET /cart',
      kind: 2,
      startTimeUnixNano: String(start),
      endTimeUnixNano: String(start + 20_000_000n),
      attributes: keyValues({ 'http.route': '/cart', 'service.version': n % 2 === 0 ? '1.0.0' : '2.0.0' }),
      status: {},
    }
    const resource = { attributes: keyValues({ 'service.name': 'shop' }) }
    return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })
  })
}

if (import.meta.main) console.table(await run())
