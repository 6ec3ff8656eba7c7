import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
let store: Awaited<ReturnType<typeof storeHere>>
beforeAll(async () => {
  store = await storeHere(folder)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const from = 5_000 * Math.floor(Date.now() / 5_000) - 3_600_000
const ask = ['calibrate', '--service', 'shop', '--stable', 'service.version=1.9.0']

beforeAll(async () => {
  const traffic = { service: 'shop', version: '1.9.0', route: 'GET /cart', from, seconds: 120, perSecond: 12 } as const
  // The third host is slower than the others, which run the same build.
  const lines = [20, 20, 40, 20].flatMap((medianMs, at) =>
    otlpLines({ ...traffic, medianMs, errorShare: 0.02, instance: `pod-${at}`, seed: at + 1 }),
  )
  writeFileSync(join(folder, 'stable.jsonl'), lines.join('\n'))
  expect(await coalmine(folder, ['import', 'stable.jsonl'])).toMatchObject({ code: 0 })
})

describe('calibrate', () => {
  it('measures false alarms and what is found on the traffic that the store has, and names a host that differs', async () => {
    const run = await coalmine(folder, [...ask, '--share', '30%', '--replays', '20', '--effect', 'latency=100%'])
    expect(run.code).toBe(0)
    expect(run.stderr).toBe('0 of 40 replays\n')
    expect(run.stdout).toMatch(
      /^shop: canaries of 30 % for 2 min, replayed on the traffic of service\.version=1\.9\.0 from /,
    )
    expect(run.stdout).toMatch(/ {2}like stable, split at random +20 +0 \(0 % to 16 %\) /)
    expect(run.stdout).toMatch(/ {2}latency \+100 % +20 +20 \(84 % to 100 %\) +\d+ s /)
    expect(run.stdout).toMatch(/ {2}each of 4 instances against the others +4 +1\n/)
    expect(run.stdout).toContain('Instance pod-2 FAILed once though it runs the same build: check its host.')
    expect(run.stdout).toMatch(/Between instances, a margin for latency of (50|100)%,2ms holds; now it is 10%,2ms\./)
  })

  it('writes JSON and Markdown, to a file where one is named', async () => {
    const few = [...ask, '--replays', '2', '--effect', 'errors=x10', '--for', '1m']
    const json = await coalmine(folder, [...few, '--format', 'json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 'coalmine.calibration/1',
      forSeconds: 60,
      rows: [
        { effect: null, replays: 2 },
        { effect: 'errors x 10', replays: 2 },
      ],
      placebo: { instances: 4, replays: 4 },
    })
    const markdown = await coalmine(folder, [...few, '--format', 'markdown', '--output', 'calibration.md'])
    expect(markdown).toMatchObject({ code: 0, stdout: '' })
    const report = readFileSync(join(folder, 'calibration.md'), 'utf8')
    expect(report).toContain('# shop: calibration\n')
    expect(report).toContain('| errors x 10 | 2 |')
  })

  it('is refused without a service, and where stable served nothing', async () => {
    expect(await coalmine(folder, ['calibrate'])).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('service is missing: '),
    })
    const none = await coalmine(folder, [...ask.slice(0, 4), 'service.version=7', ...ask.slice(5)])
    expect(none).toMatchObject({ code: 3, stderr: expect.stringContaining('it has service.version=1.9.0') })
  })
})
