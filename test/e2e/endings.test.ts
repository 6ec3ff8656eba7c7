import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { inherited } from '../inherited.ts'
import { type OtlpJson, plainSpans } from './otlp-json.ts'

const root = join(import.meta.dirname, '../..')
const app = join(import.meta.dirname, 'apps/ends.mjs')

/** A collector: what each application sends is found by the service's name, which is the run's. */
const received: OtlpJson[] = []
const collector = http.createServer(async (req, res) => {
  received.push(JSON.parse(await text(req)) as OtlpJson)
  res.setHeader('content-type', 'application/json').end('{}')
})
const hanging = http.createServer(() => undefined)

beforeAll(async () => {
  await Promise.all([collector, hanging].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')))
})
afterAll(() => {
  for (const server of [collector, hanging]) server.close().closeAllConnections()
})

const register = ['--import', '@coalmine/register']
const terminations: readonly (readonly [ending: string, ...signals: NodeJS.Signals[]])[] = [
  ['has no handler', 'SIGTERM'],
  ['has no handler', 'SIGHUP'],
  ['does nothing', 'SIGTERM', 'SIGTERM', 'SIGINT'],
  ['drains once', 'SIGTERM'],
  ['listens before others', 'SIGTERM'],
  ['cleans up', 'SIGINT'],
  ['has signal-exit 3', 'SIGTERM'],
  ['has signal-exit 4', 'SIGTERM'],
  ['has both, and a handler that was there and has gone', 'SIGINT'],
]

it('ends by signals as it would have, whoever else listens, and exports what had ended', async () => {
  const all = await Promise.all(
    terminations.map(async ([ending, ...signals], n) => {
      const drive = async (url: string, child: ChildProcess): Promise<void> => {
        await get(`${url}/ok`)
        for (const [n, signal] of signals.entries()) {
          child.kill(signal)
          // Each is answered before the next one comes, where the process goes on.
          if (n < signals.length - 1) await once(child.stdout!, 'data')
        }
      }
      const name = `signals-${n}`
      const [without, beside] = [await run([], ending, name, drive), await run(register, ending, name, drive)]
      return { ending, signals, without, beside, spans: namesOf(name) }
    }),
  )
  for (const { ending, signals, without, beside, spans } of all) {
    expect({ ending, signals, ...beside }).toEqual({ ending, signals, ...without })
    expect({ ending, signals, spans }).toEqual({ ending, signals, spans: ['GET'] })
  }
})

it.each([
  ['exits by itself', '', '/exit', 3, ['GET', 'GET']],
  ['has an exception that nobody catches', '', '/boom', 1, ['GET', 'GET TypeError']],
  ['has a rejection that nobody handles', '', '/reject', 1, ['GET', 'GET RangeError']],
  ['has nothing more to do', '', '/close', 0, ['GET', 'GET']],
])('exports the requests of a process that %s', async (name, ending, path, code, expected) => {
  const exit = await run(register, ending, name, async (url) => {
    await get(`${url}/ok`)
    await get(url + path)
  })
  expect(exit).toMatchObject({ code })
  expect(exit.stderr).not.toContain('@coalmine/register')
  expect(namesOf(name)).toEqual(expected)
})

it.each(['is a cluster', 'has a thread'])(
  'exports what another one than the first has served, when it %s',
  async (ending) => {
    const { signal } = await run(register, ending, ending, async (url, child) => {
      await get(`${url}/ok`)
      child.kill('SIGTERM')
    })
    expect(signal).toBe('SIGTERM')
    await expect.poll(() => namesOf(ending)).toEqual(['GET'])
  },
)

it('loses nothing where a tool sends its signal twice, as nodemon does', async () => {
  const exit = await run(register, '', 'twice', async (url, child) => {
    await get(`${url}/ok`)
    child.kill('SIGUSR2')
    await sleep(5)
    child.kill('SIGUSR2')
  })
  expect({ ...exit, spans: namesOf('twice') }).toEqual({ code: null, signal: 'SIGUSR2', stderr: '', spans: ['GET'] })
})

it('is held up by a collector for no longer than it is told, says so once, and ends at once when told again', async () => {
  const drive = async (url: string, child: ChildProcess): Promise<void> => {
    await get(`${url}/ok`)
    child.kill('SIGINT')
  }
  const hangs = { OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(hanging) }
  const twice = async (url: string, child: ChildProcess): Promise<void> => {
    const arrives = once(hanging, 'request')
    await drive(url, child)
    await arrives
    // It would not answer without us either.
    const unanswered = get(`${url}/ok`)
    const insists = setInterval(() => child.kill('SIGINT'), 50)
    expect(await unanswered).toBe('no answer')
    clearInterval(insists)
  }
  const [refused, late, again] = await Promise.all([
    run(register, '', 'refused', drive, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }),
    run(register, '', 'late', drive, { ...hangs, COALMINE_FLUSH_TIMEOUT: '300' }),
    run(register, '', 'again', twice, hangs),
  ])
  const said = (why: string): string => `@coalmine/register: the last spans could not be exported: ${why}\n`
  expect(refused).toEqual({ code: null, signal: 'SIGINT', stderr: said('connect ECONNREFUSED 127.0.0.1:9') })
  expect(late).toEqual({ code: null, signal: 'SIGINT', stderr: said('no answer within 300 ms') })
  expect(again).toEqual({ code: null, signal: 'SIGINT', stderr: '' })
})

/** Runs the application until it ends: how it ended, and what it had to say. */
async function run(
  args: readonly string[],
  ending: string,
  name: string,
  drive: (url: string, child: ChildProcess) => Promise<void>,
  env: Record<string, string> = {},
) {
  const child = spawn(process.execPath, [...args, app, ending], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...inherited,
      OTEL_SERVICE_NAME: name,
      COALMINE_VERSION: '2.0.0',
      OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(collector),
      // Nothing is exported before the end, which may take as long as this machine needs.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      COALMINE_FLUSH_TIMEOUT: '100000',
      ...env,
    },
  })
  const ends = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const says = text(child.stderr)
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  await drive(`http://127.0.0.1:${line.trim().slice('up '.length)}`, child)
  const [code, signal] = await ends
  return { code, signal, stderr: await says }
}

async function get(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text()
  } catch {
    return 'no answer'
  }
}

function urlOf(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function namesOf(service: string): string[] {
  return plainSpans(received)
    .filter(({ resource }) => resource['service.name'] === service)
    .map(({ name, attributes }) => [name, attributes['error.type']].filter(Boolean).join(' '))
    .sort()
}
