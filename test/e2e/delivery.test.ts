import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DoraAnswer } from '@coalmine/comparator'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { exampleOn, expectPrinted } from './manual.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-delivery-'))
let store: Awaited<ReturnType<typeof storeHere>>
beforeAll(async () => {
  store = await storeHere(folder)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const minute = 60_000
// One moment for all of it, however long the test takes.
const start = tickAgo(30 * minute)
const after = (minutes: number): string => new Date(start + minutes * minute).toISOString()

it('tells how releases go, from what was deployed and what became of it', async () => {
  const shop = { service: 'shop', route: 'GET /cart', medianMs: 20 }
  const lines = [
    ...otlpLines({ ...shop, version: '1.9.0', from: start, seconds: 1_200, perSecond: 8, seed: 1 }),
    ...otlpLines({
      ...shop,
      version: '2.0.0',
      from: start + 10 * minute,
      seconds: 180,
      perSecond: 2,
      errorShare: 0.5,
      seed: 2,
    }),
  ]
  writeFileSync(join(folder, 'shop.jsonl'), lines.join('\n'))
  expect((await coalmine(folder, ['import', 'shop.jsonl'])).code).toBe(0)
  const deploy = async (version: string, ...args: string[]): Promise<void> => {
    const run = await coalmine(folder, [
      'deploy',
      '--service',
      'shop',
      '--version',
      version,
      '--commit',
      '4f2c9d1',
      ...args,
    ])
    expect(run).toMatchObject({ code: 0, stderr: '' })
  }
  // Nobody reported 1.9.0, which served first.
  await deploy('2.0.0', '--at', after(9), '--committed-at', after(-171), '--changes', '3')
  expect((await coalmine(folder, [...compareShop])).code).toBe(1)
  await deploy('2.0.1', '--what', 'Revert "new prices"')

  const example = exampleOn('delivery.md')
  const run = await coalmine(folder, example.args)
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expectPrinted(example, run.stdout)
  const json = JSON.parse((await coalmine(folder, [...example.args, '--format', 'json'])).stdout) as DoraAnswer
  expect(json.services).toMatchObject([
    {
      service: 'shop',
      deploys: 3,
      leadTime: { of: 1, seconds: 181 * 60 },
      failed: 1,
      caughtInCanary: 1,
      atFullTraffic: 0,
      notRecovered: 0,
      reworks: 1,
      bundled: 1,
    },
  ])
})
