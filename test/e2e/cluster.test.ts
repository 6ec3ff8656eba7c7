import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClickHouse, startClickHouse } from '../../packages/store/test/clickhouse-http.ts'
import { coalmineHere as coalmine } from './coalmine.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-cluster-'))
// Two hours and a half ago: what is younger, a server that was left unclosed ticks closes by itself.
const from = tickAgo(9_000_000)
const shop = { service: 'shop', route: 'GET /cart', from, seconds: 40, perSecond: 20 } as const
let server: ClickHouse

beforeAll(async () => {
  const grants = ['SELECT ON otel.otel_traces']
  server = await startClickHouse({ databases: ['otel'], users: { guest: { password: 's3cret', grants } } })
  const lines = [
    ...otlpLines({ ...shop, version: '1.9.0', medianMs: 20, seed: 1 }),
    ...otlpLines({ ...shop, version: '2.0.0', medianMs: 40, seed: 2 }),
  ]
  writeFileSync(join(folder, 'spans.jsonl'), lines.join('\n'))
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const here = (user = 'default', password = ''): string[] => [
  '--store',
  server.url({ user, password, database: 'otel' }),
]

const compared = async (store: readonly string[]) => {
  const start = ['--start', new Date(Math.floor(from / 5000) * 5000).toISOString()]
  const run = await coalmine(folder, [...compareShop, ...store, ...start, '--format', 'json'])
  const { source, findings, reasons } = JSON.parse(run.stdout)
  return { code: run.code, source, findings, notes: reasons.map(({ message }: { message: string }) => message) }
}

describe("the user's ClickHouse", () => {
  let fromTicks: Awaited<ReturnType<typeof compared>>

  it('has tables made beside its spans, takes spans, and judges them', async () => {
    const early = await coalmine(folder, ['import', 'spans.jsonl', ...here()])
    expect(early).toMatchObject({ code: 69, stderr: expect.stringContaining('make them with "coalmine store init') })
    const dry = await coalmine(folder, ['store', 'init', '--dry-run', ...here()])
    expect(dry).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^USE otel;\n\nCREATE TABLE IF NOT/),
    })
    expect(await coalmine(folder, ['store', 'init', ...here()])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Database otel now has Coalmine's tables, version \d+\./),
    })
    expect(await coalmine(folder, ['import', 'spans.jsonl', ...here()])).toMatchObject({
      code: 0,
      stdout: 'spans.jsonl: 1600 spans stored\n',
    })
    fromTicks = await compared(here())
    expect(fromTicks).toMatchObject({ code: 1, source: 'ticks' })
  })

  it('answers who may read the spans alone, slower, and says so', async () => {
    const spans = await compared(here('guest', 's3cret'))
    expect(spans).toMatchObject({ code: 1, source: 'spans', findings: fromTicks.findings })
    expect(spans.notes).toContainEqual(
      expect.stringMatching(/^This database user can only read spans, .*coalmine store init/),
    )
  })

  it('has ticks of the past closed by a back-fill', async () => {
    await server.query('TRUNCATE TABLE otel.coalmine_closed')
    const filled = await coalmine(folder, ['store', 'backfill', '--since', '3h', '--service', 'shop', ...here()])
    expect(filled).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[89] ticks closed, of 1600 spans\n$/) })
    expect(await compared(here())).toEqual(fromTicks)
  })

  it('is refused where a later release made its tables', async () => {
    await server.query(
      "INSERT INTO otel.coalmine_schema SELECT max(Version) + 1, 'otel_traces', now64(3) FROM otel.coalmine_schema",
    )
    const run = await coalmine(folder, [...compareShop, ...here()])
    expect(run).toMatchObject({ code: 69, stderr: expect.stringContaining('use a later release of coalmine') })
  })
})
