import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestRunAnswer } from '@coalmine/comparator'
import type { RunningServer } from '@coalmine/server'
import { startServer } from '@coalmine/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmine, coalmineHere } from './coalmine.ts'
import { exampleOn, expectPrinted } from './manual.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'coalmine-test-runs-'))
const revoked = join(folder, 'revoked-runs')
const key = `k1:${'7'.repeat(64)}`

/**
 * Spans pass a relay that makes half a minute of each second, since a run is judged by blocks of half a minute: how long each request
 * took stays as it was, and so does everything else of it. The server's clock is that of the spans.
 */
const faster = 30
const beganMs = Date.now()
const zeroMs = beganMs - 600_000
const spanTime = (ms: number): number => zeroMs + (ms - beganMs) * faster

let server: RunningServer
let shop: string
const service = { stop: (): unknown => undefined }

interface Times {
  startTimeUnixNano: string
  endTimeUnixNano: string
}

const relay = http.createServer(async (request, response) => {
  const body = JSON.parse(await text(request), (name, value) => {
    if (name !== 'spans') return value
    for (const span of value as Times[]) {
      const took = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)
      const start = BigInt(Math.round(spanTime(Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000) * 1000)) * 1000n
      span.startTimeUnixNano = String(start)
      span.endTimeUnixNano = String(start + took)
    }
    return value
  })
  const { status } = await fetch(server.url + request.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
})

const listening = async (one: http.Server): Promise<string> => {
  one.listen(0, '127.0.0.1')
  await once(one, 'listening')
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`
}

beforeAll(async () => {
  writeFileSync(revoked, '# test runs that are stopped\n')
  server = await startServer({
    store: join(folder, '.coalmine'),
    port: 0,
    now: () => spanTime(Date.now()),
    // Of spans: five seconds, within which they arrive on a busy machine too.
    watermarkMs: 150_000,
  })
  const child = spawn(
    process.execPath,
    ['--import', '@coalmine/register', join(import.meta.dirname, 'apps/search.mjs')],
    {
      cwd: root,
      env: {
        ...process.env,
        OTEL_SERVICE_NAME: 'shop',
        OTEL_EXPORTER_OTLP_ENDPOINT: await listening(relay),
        OTEL_BSP_SCHEDULE_DELAY: '100',
        COALMINE_TEST_KEYS: key,
        COALMINE_REVOKED_FILE: revoked,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  service.stop = () => child.kill()
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
  shop = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  agent.destroy()
  service.stop()
  relay.close().closeAllConnections()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const agent = new http.Agent({ keepAlive: true, maxSockets: 1_000 })

/** Asks for something, and tells how long it took, in milliseconds, and what came. */
async function ask(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ ms: number; status: number; test: boolean }> {
  const started = performance.now()
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(shop + path, { agent, headers }, resolve).on('error', reject)
  })
  const { test } = JSON.parse(await text(response)) as { test: boolean }
  return { ms: performance.now() - started, status: response.statusCode!, test }
}

/** Keeps asking, so many times a second, until it is told to stop. */
function load(perSecond: number, path: string, headers: Record<string, string> = {}) {
  const done: Promise<{ ms: number; status: number; test: boolean }>[] = []
  const timer = setInterval(() => {
    const answer = ask(path, headers)
    // It is waited for when all of them are.
    answer.catch(() => {})
    done.push(answer)
  }, 1000 / perSecond)
  return {
    answers: done,
    stop: async () => {
      clearInterval(timer)
      return Promise.all(done)
    },
  }
}

/** So many clients that ask again as soon as they are answered, until they are told to stop. */
function clients(number: number, path: string, headers: Record<string, string>) {
  let isOver = false
  const answers: { status: number; test: boolean }[] = []
  const client = async (): Promise<void> => {
    while (!isOver) answers.push(await ask(path, headers))
  }
  const all = Array.from({ length: number }, client)
  return {
    answers,
    stop: async () => {
      isOver = true
      await Promise.all(all)
    },
  }
}

async function signed(run: string): Promise<Record<string, string>> {
  const args = ['sign', '--run', run, '--owner', 'ana@shop.example', '--ttl', '7d']
  const { stdout } = await coalmineHere(folder, args, '', { COALMINE_SIGNING_KEY: key })
  const [name, value] = stdout.trim().split(': ')
  return { [name!]: value! }
}

const watch = (run: string) =>
  coalmine(folder, ['runs', 'watch', run, '--server', server.url, '--stop-on', 'hurts-users', '--revoke', revoked])

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

describe('test runs beside real users', () => {
  const users = { stop: async () => [] as unknown[], answers: [] as Promise<{ ms: number }>[] }

  beforeAll(async () => {
    Object.assign(users, load(60, '/cart'))
    // What there is to compare with: users' requests of the last eleven minutes of spans.
    while (spanTime(Date.now()) < zeroMs + 11.5 * 60_000) await sleep(100)
  })
  afterAll(async () => void (await users.stop()))

  it('one that does no harm goes on until it ends', async () => {
    const watching = watch('smoke-1')
    const run = load(10, '/search?hold=1', await signed('smoke-1'))
    await sleep(4_000)
    const answers = await run.stop()
    expect(answers.every(({ status, test }) => status === 200 && test)).toBe(true)
    const { code, stdout } = await watching
    expect(stdout).toMatch(/^smoke-1 {2}finished\n/)
    expect([0, 2]).toContain(code)
    expect(readFileSync(revoked, 'utf8')).toBe('# test runs that are stopped\n')
  })

  it('one that starves the service is revoked: its requests are no tests any more, and users recover', async () => {
    const before = users.answers.length
    const watching = watch('load-7')
    const run = clients(3, '/search?hold=100', await signed('load-7'))
    const { code, stdout, stderr } = await watching
    expect(stdout, stderr).toMatch(/^load-7 {2}revoked\n/)
    expect(code).toBe(1)
    expect(stdout).toMatch(/ {2}owner +ana@shop\.example\n/)
    expect(stdout).toMatch(/Users: HURT {2}p50 \d+ ms -> \d+ ms/)
    expect(stderr).toContain('load-7  nothing of it has been seen yet')
    expect(readFileSync(revoked, 'utf8')).toMatch(
      /^# test runs that are stopped\nload-7 # 20\S+Z by coalmine runs watch: it hurts users: p50 /,
    )
    // The service looks at the file, and turns away what goes on coming.
    await expect.poll(() => run.answers.at(-1)?.status).toBe(403)
    await run.stop()
    const during = await Promise.all(users.answers.slice(before))
    const later = users.answers.length
    await expect.poll(() => users.answers.length, { interval: 50 }).toBeGreaterThan(later + 60)
    const after = await Promise.all(users.answers.slice(later + 30))
    expect(median(during.map(({ ms }) => ms))).toBeGreaterThan(2 * median(after.map(({ ms }) => ms)))

    const told = JSON.parse(
      (await coalmineHere(folder, ['runs', 'load-7', '--server', server.url, '--format', 'json'])).stdout,
    ) as TestRunAnswer
    expect(told).toMatchObject({
      state: 'revoked',
      owner: 'ana@shop.example',
      revoked: { by: 'coalmine runs watch' },
      users: { outcome: 'hurt', services: [{ service: 'shop', outcome: 'hurt' }] },
    })
    expect(told.operations.map(({ operation }) => operation)).toEqual(['GET /search'])
  })

  it('are listed as the manual shows', async () => {
    const example = exampleOn('test-runs.md')
    const { code, stdout } = await coalmineHere(folder, [...example.args, '--server', server.url])
    expect(code).toBe(0)
    expectPrinted(example, stdout)
  })
})
