import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

// On a tick, so that two minutes of traffic are two minutes of ticks.
const from = 5_000 * Math.floor(Date.now() / 5_000) - 3_600_000
const ask = ['--service', 'shop', '--stable', 'service.version=1.9.0']

beforeAll(async () => {
  const traffic = { service: 'shop', version: '1.9.0', route: 'GET /cart', from, seconds: 120, medianMs: 20 } as const
  const lines = otlpLines({ ...traffic, perSecond: 40, errorShare: 0.02, seed: 1 })
  writeFileSync(join(folder, 'stable.jsonl'), lines.join('\n'))
  writeFileSync(join(folder, 'errors-alone.yaml'), 'metrics: { latency: off, 4xx: off }\n')
  writeFileSync(join(folder, 'nothing.yaml'), 'metrics: { latency: off, 4xx: off, errors: advisory }\n')
  expect(await coalmine(folder, ['import', 'stable.jsonl'])).toMatchObject({ code: 0 })
})

describe('plan', () => {
  it('tells how long a canary must run on the traffic that the store has', async () => {
    const run = await coalmine(folder, ['plan', ...ask, '--share', '20%', '--effect', 'errors=x5', '--runs', '20'])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout).toMatch(/^shop: a canary of 20 % beside service\.version=1\.9\.0, 8 of 40 requests\/s\n/)
    expect(run.stdout).toMatch(/ {2}FAIL {2}errors x 5 +\(verdict\) +\d+ s +/)
    expect(run.stdout).toMatch(/ {2}PASS {2}like stable +\(verdict\) +\d+ /)
    expect(run.stdout).toContain('20 simulated canaries for each answer')
  })

  it('finds the smallest share for a deadline, for programs too', async () => {
    writeFileSync(join(folder, 'errors.yaml'), "metrics:\n  latency: off\n  4xx: off\n  errors: { margin: '2,1pp' }\n")
    const settings = ['--config', 'errors.yaml', '--effect', 'errors=x10', '--within', '20m', '--runs', '10']
    const run = await coalmine(folder, ['plan', ...ask, ...settings, '--format', 'json'])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const plan = JSON.parse(run.stdout)
    expect(plan).toMatchObject({ schema: 'coalmine.plan/1', service: 'shop', share: 0.1, runs: 10 })
    expect(plan.canaries.map(({ effect }: { effect: string | null }) => effect)).toEqual(['errors x 10', null])
    expect(plan.smallestShare.withinSeconds).toBe(1200)
    expect(plan.smallestShare.share).toBeLessThanOrEqual(0.5)
  })

  it.each([
    [['--effect', 'cost=5%'], 'such as latency=25%, errors=x5 or client-errors=x5, got "cost=5%"'],
    [['--share', '110%'], 'Expected a share of the traffic such as 10% or 0.1.'],
    [
      ['--effect', 'latency=5%', '--config', 'errors-alone.yaml'],
      '--effect latency=5%: the policy does not judge latency',
    ],
    [['--config', 'nothing.yaml'], 'the policy judges none of latency, errors, client-errors'],
    [['--power', '1'], 'Expected a number between 0 and 1'],
    [['--runs', '0'], 'Expected a whole number above zero'],
  ])('%j is exit code 64', async (args, message) => {
    const run = await coalmine(folder, ['plan', ...ask, ...args])
    expect(run.stderr).toContain(message)
    expect(run).toMatchObject({ code: 64, stdout: '' })
  })

  it('names what the store has where stable served nothing: exit code 3', async () => {
    const run = await coalmine(folder, ['plan', ...ask.slice(0, 3), 'service.version=7', ...ask.slice(4)])
    expect(run.stderr).toBe(
      'coalmine: no request of shop with service.version=7 in closed ticks of the window; it has service.version=1.9.0\n',
    )
    expect(run.code).toBe(3)
  })
})
