import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Charts } from '@coalmine/comparator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmineHere as coalmine, type Run, storeHere } from './coalmine.ts'
import { exampleOn, expectPrinted } from './manual.ts'
import { otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-stable-window-'))
let store: Awaited<ReturnType<typeof storeHere>>
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const dayMs = 86_400_000
// Ten in the morning of yesterday: the hours of one day, wherever this runs.
const morning = Math.floor(Date.now() / dayMs) * dayMs - dayMs + 10 * 3_600_000
const dateOf = (back: number): string => new Date(morning - back * dayMs).toISOString().slice(0, 10)
const at = (ms: number): string => new Date(ms).toISOString()

/** Two minutes of a build, so many days before; no two days are quite alike. */
function served(version: string, back: number, medianMs: number, laterMs = 0): string[] {
  const shop = { service: 'shop', route: 'GET /cart', seconds: 120, perSecond: 15, version }
  const from = morning - back * dayMs + laterMs
  return otlpLines({ ...shop, from, medianMs: medianMs * (1 + 0.01 * (back % 3)), seed: 10 * back + medianMs })
}

async function imported(name: string, lines: readonly string[]): Promise<void> {
  writeFileSync(join(folder, name), lines.join('\n'))
  expect((await coalmine(folder, ['import', name])).code).toBe(0)
}

const compare = (canary: string, stable: string, ...args: string[]): Promise<Run> => {
  const cohorts = ['--canary', `service.version=${canary}`, '--stable', `service.version${stable}`]
  return coalmine(folder, ['compare', '--service', 'shop', ...cohorts, ...args])
}
const week = ['--stable-window', '7d'] as const
const json = async (run: Promise<Run>) => JSON.parse((await run).stdout)

// A rolling deploy: no build runs beside another, but for the last hour of 2.1.0.
beforeAll(async () => {
  store = await storeHere(folder)
  await imported('rolling.jsonl', [
    ...[6, 5, 4].flatMap((back) => served('1.8.0', back, 20)),
    ...served('1.9.0-bad', 3, 90),
    ...[2, 1].flatMap((back) => served('1.9.0', back, 20)),
    ...served('2.0.0', 0, 20),
    ...[5, 4, 2].flatMap((back) => served('1.8.0', back, 20, 3_600_000)),
    ...served('2.1.0', 0, 60, 3_600_000),
  ])
})

describe('a canary without a stable beside it', () => {
  it('has charts of its levels beside those of the earlier days, as if they were today', async () => {
    const response = await fetch(`${store.url}/api/charts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        service: 'shop',
        canary: 'service.version=2.1.0',
        stable: 'service.version!=2.1.0',
        stableWindowMs: 7 * dayMs,
      }),
    })
    const { view } = (await response.json()) as { view: { charts: Charts; calls: null } }
    const [service] = view.charts.scopes
    const latency = service!.metrics.find(({ metric }) => metric === 'latency')!
    const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
    // Of three days the requests of one, on average.
    expect(sum(service!.requests.stable)).toBeCloseTo(1_800, 0)
    expect(sum(service!.requests.canary)).toBe(1_800)
    // Values come in blocks, of which the last one is not full.
    expect(latency.distribution!.quantiles.stable.n).toBeGreaterThan(2 * 1_800)
    expect(latency.distribution!.quantiles.canary.p50 / latency.distribution!.quantiles.stable.p50).toBeCloseTo(3, 0)
    // It was judged once: there is no evidence that grows.
    expect(view.charts.evidence.parts).toBe(0)
    expect(view.charts.operations).toMatchObject([{ operation: 'GET /cart', harm: null }])
  })

  it('is compared with the same hours of earlier days, which is said', async () => {
    const example = exampleOn('earlier-days.md')
    const run = await coalmine(folder, example.args)
    expectPrinted(example, run.stdout)
    expect(run.stdout).toContain(`same hours of 3 earlier days (${dateOf(2)}, ${dateOf(4)}, ${dateOf(5)})`)
    expect(run.stdout).toContain(`${dateOf(6)} (stable served nothing)`)
    expect(run.code).toBe(1)
  })

  it('does not fail when it is like them', async () => {
    const verdict = await json(compare('2.0.0', '!=2.0.0', ...week, '--format', 'json'))
    expect(['pass', 'inconclusive']).toContain(verdict.verdict)
    expect(verdict.beforeAfter.days).toEqual([1, 2, 3, 4, 5, 6].map(dateOf))
  })

  it('never counts a day in which it served itself', async () => {
    const day = ['--start', at(morning - dayMs), '--end', at(morning - dayMs + 600_000)]
    const { beforeAfter } = await json(compare('1.9.0', '!=1.9.0', ...week, ...day, '--format', 'json'))
    expect(beforeAfter.leftOut).toContainEqual({ date: dateOf(2), why: 'service.version=1.9.0 served' })
    expect(beforeAfter.days).toEqual([3, 4, 5, 6].map(dateOf))
  })

  it('has no verdict where stable served on too few days', async () => {
    const run = await compare('2.0.0', '=1.9.0', ...week)
    expect(run.code).toBe(3)
    expect(run.stdout).toContain('At least 3 days are needed')
  })

  it('asks for at least three days, and for hours of one day', async () => {
    const few = await compare('2.0.0', '=1.9.0', '--stable-window', '2d')
    expect(few.code).toBe(64)
    expect(few.stderr).toContain('--stable-window: expected from 3 to 60 days')
    const long = await compare('1.9.0', '=1.8.0', ...week)
    expect(long.code).toBe(64)
    expect(long.stderr).toContain('give a --start and --end at most a day apart')
  })
})

describe('builds that failed', () => {
  // Beside a good one, three days ago.
  beforeAll(async () => {
    await imported('beside.jsonl', served('1.8.0', 3, 20))
    expect((await compare('1.9.0-bad', '=1.8.0')).code).toBe(1)
  })

  it('do not enter: the days in which they served are left out', async () => {
    const { beforeAfter } = await json(compare('2.0.0', '!=2.0.0', ...week, '--format', 'json'))
    const why = 'service.version=1.9.0-bad served, which failed'
    expect(beforeAfter.leftOut).toContainEqual({ date: dateOf(3), why })
    expect(beforeAfter.days).toEqual([1, 2, 4, 5, 6].map(dateOf))
  })

  it('are nothing to compare with', async () => {
    const run = await compare('2.0.0', '=1.9.0-bad', ...week)
    expect(run.code).toBe(64)
    expect(run.stderr).toContain('service.version=1.9.0-bad failed when it was judged')
  })
})
