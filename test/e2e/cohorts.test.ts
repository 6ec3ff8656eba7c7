import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmine, type Run } from './coalmine.ts'
import { compareShop, otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-cohorts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const from = Date.now() - 3_600_000
const shop = { service: 'shop', route: 'GET /cart', from, seconds: 40, perSecond: 20, medianMs: 20 } as const

const compare = (...args: string[]): Promise<Run> =>
  coalmine(folder, [...compareShop, '--from', 'spans.jsonl', '--format', 'json', ...args])

describe('whose requests are compared', () => {
  beforeAll(() => {
    const beta = { 'coalmine.audience': 'beta' }
    const builds = (['1.9.0', '2.0.0'] as const).flatMap((version, index) => [
      ...otlpLines({ ...shop, version, seed: index }),
      // The canary is slow for tests, and for users who asked for it, only.
      ...otlpLines({ ...shop, version, test: true, medianMs: 20 * (index + 1), seed: 10 + index }),
      ...otlpLines({ ...shop, version, perSecond: 10, attributes: beta, medianMs: 20 * (index + 1), seed: 20 + index }),
    ])
    writeFileSync(join(folder, 'spans.jsonl'), builds.join('\n'))
  })

  it('is users, or tests with --traffic test, or both, apart, with --traffic all', async () => {
    const users = JSON.parse((await compare()).stdout)
    expect(users).toMatchObject({ traffic: 'users', audience: [], cohorts: { canary: { requests: 1200 } } })
    const tests = JSON.parse((await compare('--traffic', 'test')).stdout)
    expect(tests).toMatchObject({
      verdict: 'fail',
      traffic: 'test',
      source: 'ticks',
      cohorts: { canary: { requests: 800, testRequests: 0 } },
    })
    const all = JSON.parse((await compare('--traffic', 'all')).stdout)
    expect(all).toMatchObject({ verdict: 'fail', traffic: 'all', cohorts: { canary: { requests: 2000 } } })
    expect(new Set(all.findings.map(({ operation }: { operation: string }) => operation))).toEqual(
      new Set([null, 'GET /cart', 'GET /cart (test)']),
    )
  })

  it('is one audience with --audience, from the flag or from coalmine.yaml', async () => {
    writeFileSync(join(folder, 'beta.yaml'), 'audience: beta\n')
    for (const args of [
      ['--audience', 'beta'],
      ['--config', 'beta.yaml'],
    ])
      expect(JSON.parse((await compare(...args)).stdout)).toMatchObject({
        verdict: 'fail',
        audience: ['beta'],
        source: 'spans',
        cohorts: { canary: { requests: 400 } },
      })
    const text = await compare('--audience', 'beta', '--format', 'text')
    expect(text.stdout).toContain('  traffic  users, audience beta\n')
  })

  it('is refused where there is no such traffic', async () => {
    const run = await compare('--traffic', 'robots')
    expect(run.stderr).toContain("argument 'robots' is invalid. Allowed choices are users, test, all.")
    expect(run.code).toBe(64)
  })

  it('is every other build, where a selector says so', async () => {
    const run = await coalmine(folder, [
      ...'compare --service shop --stable service.version!=2.0.0 --canary service.version=2.0.0'.split(' '),
      ...['--from', 'spans.jsonl', '--format', 'json'],
    ])
    expect(JSON.parse(run.stdout)).toMatchObject({
      cohorts: { stable: { selector: 'service.version!=2.0.0', requests: 1200 }, canary: { requests: 1200 } },
    })
  })
})
