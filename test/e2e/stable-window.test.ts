import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmine, type Run } from './coalmine.ts'
import { otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-stable-window-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const dayMs = 86_400_000
// Ten in the morning of yesterday: hours of one day, wherever this runs.
const morning = Math.floor(Date.now() / dayMs) * dayMs - dayMs + 10 * 3_600_000
const shop = { service: 'shop', route: 'GET /cart', seconds: 120, perSecond: 40 } as const
const dateOf = (back: number): string => new Date(morning - back * dayMs).toISOString().slice(0, 10)

/** A build at the same hours, so many days before; no two days are quite alike. */
const served = (version: string, back: number, medianMs: number): string[] =>
  otlpLines({
    ...shop,
    version,
    from: morning - back * dayMs,
    medianMs: medianMs * (1 + 0.01 * (back % 3)),
    seed: 10 * back + 1,
  })

const compare = (canary: string, ...args: string[]): Promise<Run> =>
  coalmine(folder, ['compare', '--service', 'shop', '--canary', `service.version=${canary}`, ...args])

beforeAll(() => {
  const builds = [
    // A rolling deploy: no build runs beside another.
    ...[7, 6, 5, 4].flatMap((back) => served('1.8.0', back, 20)),
    ...served('1.9.0-bad', 3, 90),
    ...served('1.9.0', 2, 20),
    ...served('1.9.0', 1, 20),
    ...served('2.0.0', 0, 20),
  ]
  writeFileSync(join(folder, 'good.jsonl'), builds.join('\n'))
  const slow = [
    ...builds,
    ...otlpLines({ ...shop, version: '2.1.0', from: morning + 3_600_000, medianMs: 60, seed: 3 }),
  ]
  const hourLater = [5, 4, 2].flatMap((back) =>
    otlpLines({
      ...shop,
      version: '1.8.0',
      from: morning - back * dayMs + 3_600_000,
      medianMs: 20 + 0.1 * back,
      seed: back,
    }),
  )
  writeFileSync(join(folder, 'slow.jsonl'), [...slow, ...hourLater].join('\n'))
})

describe('a canary without a stable beside it', () => {
  it('is compared with the same hours of earlier days, which is said', async () => {
    const run = await compare(
      '2.1.0',
      '--stable',
      'service.version!=2.1.0',
      '--from',
      'slow.jsonl',
      '--stable-window',
      '7d',
    )
    expect(run.stdout).toContain('FAIL  shop')
    expect(run.stdout).toContain(`same hours of 3 earlier days (${dateOf(2)}, ${dateOf(4)}, ${dateOf(5)})`)
    expect(run.stdout).toContain(`${dateOf(7)} (stable served nothing)`)
    expect(run.code).toBe(1)
  })

  it('does not fail when it is like them, and never counts a day in which it served', async () => {
    const args = [
      '--stable',
      'service.version!=2.0.0',
      '--from',
      'good.jsonl',
      '--format',
      'json',
      '--stable-window',
      '7d',
    ]
    const verdict = JSON.parse((await compare('2.0.0', ...args)).stdout)
    expect(['pass', 'inconclusive']).toContain(verdict.verdict)
    expect(verdict.beforeAfter.days).toHaveLength(7)
    const again = JSON.parse(
      (await compare('1.9.0', '--end', new Date(morning - dayMs / 2).toISOString(), ...args)).stdout,
    )
    expect(again.beforeAfter.leftOut).toContainEqual({ date: dateOf(3), why: 'service.version=1.9.0 served' })
  })

  it('has too few days where stable was not there, and then there is no verdict', async () => {
    const run = await compare(
      '2.0.0',
      '--stable',
      'service.version=1.9.0',
      '--from',
      'good.jsonl',
      '--stable-window',
      '7d',
    )
    expect(run.code).toBe(3)
    expect(run.stdout).toContain('3 are needed')
  })

  it('asks for at least three days', async () => {
    const run = await compare(
      '2.0.0',
      '--stable',
      'service.version=1.9.0',
      '--from',
      'good.jsonl',
      '--stable-window',
      '2d',
    )
    expect(run.code).toBe(64)
    expect(run.stderr).toContain('--stable-window: expected from 3 to 60 days')
  })
})

describe('builds that failed', () => {
  beforeAll(async () => {
    // Two builds side by side, three days ago: one of them failed.
    const beside = (version: string, medianMs: number): string[] =>
      otlpLines({ ...shop, version, from: morning - 3 * dayMs, medianMs, seed: medianMs })
    writeFileSync(join(folder, 'failed.jsonl'), beside('1.8.0', 20).join('\n'))
    for (const file of ['good.jsonl', 'failed.jsonl']) await coalmine(folder, ['import', '--store', 'kept', file])
    const run = await compare('1.9.0-bad', '--stable', 'service.version=1.8.0', '--store', 'kept')
    expect(run.code).toBe(1)
  })

  it('do not enter: the days in which they served are left out', async () => {
    const args = ['--stable', 'service.version!=2.0.0', '--store', 'kept', '--stable-window', '7d', '--format', 'json']
    const verdict = JSON.parse((await compare('2.0.0', ...args)).stdout)
    const why = 'service.version=1.9.0-bad served, which failed'
    expect(verdict.beforeAfter.leftOut).toEqual([{ date: dateOf(3), why }])
    expect(verdict.beforeAfter.days).toHaveLength(6)
  })

  it('are nothing to compare with', async () => {
    const run = await compare(
      '2.0.0',
      '--stable',
      'service.version=1.9.0-bad',
      '--store',
      'kept',
      '--stable-window',
      '7d',
    )
    expect(run.code).toBe(64)
    expect(run.stderr).toContain('service.version=1.9.0-bad failed when it was judged')
  })
})
