// A comparison that runs is fed each tick once, and says what a comparison of all ticks says.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Verdict } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../server.ts'
import { type ComparisonState, type Look, lookOf } from './state.ts'

let directory: string
let server: RunningServer
const service = 'shop'
const startMs = Math.floor((Date.now() - 3_600_000) / 60_000) * 60_000
const hex = (bytes: number): string => randomBytes(bytes).toString('hex')

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'coalmine-new-ticks-'))
  server = await startServer({ store: directory, port: 0, watermarkMs: 0, lookEveryMs: 5_000 })
})

afterAll(async () => {
  await server.close()
  await rm(directory, { recursive: true, force: true })
})

const post = async <T>(path: string, body: unknown): Promise<T> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await response.json()) as T
}
const list = async (): Promise<readonly ComparisonState[]> => {
  const { comparisons } = (await (await fetch(`${server.url}/api/comparisons`)).json()) as {
    comparisons: ComparisonState[]
  }
  return comparisons
}
const stateOf = async (id: string): Promise<ComparisonState> => (await list()).find((one) => one.id === id)!

/**
 * Ticks with forty requests of each build, each with a call; half of them with a flag, half from another ring. The canary of `lab` serves
 * many requests of an operation that stable does not have.
 */
async function send(fromTick: number, toTick: number): Promise<void> {
  for (const one of [service, 'lab']) await sendOf(one, fromTick, toTick)
}

async function sendOf(service: string, fromTick: number, toTick: number): Promise<void> {
  const routeOf = (build: string, index: number): string =>
    service === 'lab' && build === '2.0.0' && index % 4 === 1 ? '/new' : index % 3 ? '/cart' : '/items'
  const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const resourceSpans = ['1.0.0', '2.0.0'].flatMap((build) =>
    Array.from({ length: (toTick - fromTick) * 40 }, (_, index) => {
      const traceId = hex(16)
      const spanId = hex(8)
      const atMs = startMs + fromTick * 5000 + index * 125
      const took = 20 + ((index * 7) % 23) + (build === '2.0.0' ? index % 3 : 0)
      const span = (kind: number, own: string, ms: number) => ({
        traceId,
        kind,
        startTimeUnixNano: `${atMs}000000`,
        endTimeUnixNano: `${atMs + ms}000000`,
        status: index % 49 === 7 ? { code: 2 } : {},
        attributes: [
          ...(kind === 2 ? [attribute('http.route', routeOf(build, index))] : [attribute('server.address', 'db')]),
          attribute('ring', index % 8 < 4 ? 'a' : 'b'),
          attribute('coalmine.flag.dark', index % 2 ? 'on' : 'off'),
        ],
        name: 'GET',
        spanId: own,
        ...(kind === 3 && { parentSpanId: spanId }),
      })
      return {
        resource: {
          attributes: [
            attribute('service.name', service),
            attribute('service.version', build),
            attribute('service.instance.id', `${build}-a`),
          ],
        },
        scopeSpans: [{ spans: [span(2, spanId, took), span(3, hex(8), took - 10)] }],
      }
    }),
  )
  const answer = await post<object>('/v1/traces', { resourceSpans })
  expect(answer).not.toHaveProperty('error')
}

const builds = { service, stable: 'service.version=1.0.0', canary: 'service.version=2.0.0' }
const cohorts = {
  build: builds,
  flag: { service, stable: 'coalmine.flag.dark=off', canary: 'coalmine.flag.dark=on' },
  attribute: { service, stable: 'ring=a', canary: 'ring=b' },
  downstream: { ...builds, scope: 'downstream' },
  'new operations': { ...builds, service: 'lab' },
}

it('says at each new tick what a comparison of all says: of builds, flags, attributes, calls, new operations', async () => {
  await send(0, 24)
  const running = await Promise.all(
    Object.values(cohorts).map(async (asked) => ({
      asked,
      id: (await post<ComparisonState>('/api/comparisons', { ...asked, waitMs: 3_600_000 })).id,
    })),
  )
  let ticks = 24
  for (const more of [0, 1, 2, 1]) {
    if (more > 0) await send(ticks, ticks + more)
    ticks += more
    for (const { asked, id } of running) {
      await expect.poll(async () => (await stateOf(id)).progress?.seconds).toBe(ticks * 5)
      const { outcome, reason, progress } = await stateOf(id)
      const anew = lookOf(await post<Verdict>('/api/compare', asked))
      expect({ outcome, reason, progress }, JSON.stringify(asked)).toEqual(anew satisfies Look)
    }
  }
})

it('gives whoever asks for it the verdict that a comparison of all gives', async () => {
  const comparisons = await list()
  expect(comparisons).toHaveLength(5)
  for (const { id, service, stable, canary } of comparisons.slice(0, 2)) {
    const { verdict } = (await (await fetch(`${server.url}/api/comparisons/${id}`)).json()) as { verdict: Verdict }
    const { scope } = verdict
    expect(verdict).toEqual(await post<Verdict>('/api/compare', { service, stable, canary, scope }))
  }
})
