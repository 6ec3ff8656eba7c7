import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmineHere as coalmine, type Run, storeHere } from './coalmine.ts'
import { compareShop, otlpLines, type Requests, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-cohorts-'))
let store: Awaited<ReturnType<typeof storeHere>>
beforeAll(async () => {
  store = await storeHere(folder)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const from = tickAgo(3_600_000)
const shop = { service: 'shop', route: 'GET /cart', from, seconds: 40, perSecond: 20, medianMs: 20 } as const

let cases = 0

/** Stores the spans of a service `shop` as those of a service of their own, and compares its builds. */
async function judged(spans: string, ...args: string[]): Promise<Run> {
  const service = `shop-${++cases}`
  const file = `${service}.jsonl`
  writeFileSync(join(folder, file), spans.replaceAll('"stringValue":"shop"', `"stringValue":"${service}"`))
  expect(await coalmine(folder, ['import', file])).toMatchObject({ code: 0, stderr: '' })
  const builds = ['--stable', 'service.version=1.9.0', '--canary', 'service.version=2.0.0']
  return coalmine(folder, ['compare', '--service', service, ...builds, '--format', 'json', ...args])
}

describe('whose requests are compared', () => {
  const compare = (...args: string[]): Promise<Run> => coalmine(folder, [...compareShop, '--format', 'json', ...args])

  beforeAll(async () => {
    const beta = { 'coalmine.audience': 'beta' }
    const builds = (['1.9.0', '2.0.0'] as const).flatMap((version, index) => [
      ...otlpLines({ ...shop, version, seed: index }),
      // The canary is slow for tests, and for users who asked for it, only.
      ...otlpLines({ ...shop, version, test: true, medianMs: 20 * (index + 1), seed: 10 + index }),
      ...otlpLines({ ...shop, version, perSecond: 10, attributes: beta, medianMs: 20 * (index + 1), seed: 20 + index }),
    ])
    writeFileSync(join(folder, 'spans.jsonl'), builds.join('\n'))
    const imported = await coalmine(folder, ['import', 'spans.jsonl'])
    expect(imported).toMatchObject({ code: 0, stderr: '' })
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
    expect(text.stdout).toMatch(/^ {2}traffic +users, audience beta$/m)
  })

  it('is refused where there is no such traffic', async () => {
    const run = await compare('--traffic', 'robots')
    expect(run.stderr).toContain("argument 'robots' is invalid. Allowed choices are users, test, all.")
    expect(run.code).toBe(64)
  })

  it('is every other build, where a selector says so', async () => {
    const run = await coalmine(folder, [
      ...'compare --service shop --stable service.version!=2.0.0 --canary service.version=2.0.0'.split(' '),
      ...['--format', 'json'],
    ])
    expect(JSON.parse(run.stdout)).toMatchObject({
      cohorts: { stable: { selector: 'service.version!=2.0.0', requests: 1200 }, canary: { requests: 1200 } },
    })
  })
})

describe('what a flag has to do with it', () => {
  // Seconds are cheap here: enough to settle that either alone is within the margin.
  const settled = { ...shop, seconds: 60, perSecond: 60 }
  const spans = (slow: (version: string, variant: string) => boolean, settings: Partial<typeof settled> = {}): string =>
    (['1.9.0', '2.0.0'] as const)
      .flatMap((version, i) =>
        (['off', 'on'] as const).flatMap((variant, j) =>
          otlpLines({
            ...settled,
            ...settings,
            version,
            flags: { 'new-pricing': variant, 'dark-mode': variant === 'on' ? 'dark' : 'light' },
            medianMs: slow(version, variant) ? 40 : 20,
            seed: 4 * i + j,
          }),
        ),
      )
      .join('\n')
  const interactions = async (lines: string, ...args: string[]) => {
    const { stdout, stderr } = await judged(lines, '--margin', 'latency=30%,5ms', ...args)
    expect(stderr).toBe('')
    const verdict = JSON.parse(stdout)
    const schema = readFileSync(new URL('../../packages/comparator/verdict.schema.json', import.meta.url), 'utf8')
    const conforms = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(schema))
    expect(conforms(verdict) || conforms.errors).toBe(true)
    return verdict
  }

  it.each([
    ['canary', (version: string) => version === '2.0.0'],
    ['combination', (version: string, variant: string) => version === '2.0.0' && variant === 'on'],
  ])('build and flag: %s', async (carries, slow) => {
    const verdict = await interactions(spans(slow))
    expect(verdict).toMatchObject({ verdict: 'fail', source: 'ticks' })
    expect(verdict.interactions).toMatchObject([
      { flag: 'dark-mode', variants: ['dark', 'light'], metric: 'latency', operation: 'GET /cart', carries },
      { flag: 'new-pricing', variants: ['off', 'on'], carries },
    ])
  })

  it('is told of a flag that is named, though nothing fails', async () => {
    const verdict = await interactions(
      spans((_, variant) => variant === 'on'),
      '--interact',
      'flag:new-pricing',
    )
    expect(verdict.verdict).not.toBe('fail')
    expect(verdict.interactions).toMatchObject([{ flag: 'new-pricing', carries: 'flag' }])
  })

  it('says so of a flag that is named, and that nobody met', async () => {
    const { reasons } = await interactions(
      spans(() => false),
      '--interact',
      'new-prising',
    )
    expect(reasons).toContainEqual({
      code: 'interactions-not-known',
      weight: 'note',
      message: expect.stringContaining('Cannot tell what part flag new-prising plays'),
    })
  })

  it('cannot be told where each build has a variant of its own', async () => {
    const apart = (['1.9.0', '2.0.0'] as const).flatMap((version, i) =>
      otlpLines({ ...shop, version, flags: { 'new-pricing': i === 0 ? 'off' : 'on' }, medianMs: 20 + 20 * i, seed: i }),
    )
    const { stdout } = await judged(apart.join('\n'), '--format', 'text')
    expect(stdout).toContain(
      '  why    The cause may be service.version=2.0.0 or new-pricing=on: all of the canary has that variant, and none of stable does.',
    )
  })

  it('flag and flag: only both together', async () => {
    const cells = (['light', 'dark'] as const).flatMap((mode, i) =>
      (['off', 'on'] as const).flatMap((pricing, j) =>
        otlpLines({
          ...settled,
          version: '2.0.0',
          flags: { 'new-pricing': pricing, 'dark-mode': mode },
          medianMs: mode === 'dark' && pricing === 'on' ? 40 : 20,
          seed: 4 * i + j,
        }),
      ),
    )
    const variants = ['--stable', 'flag:new-pricing=off', '--canary', 'flag:new-pricing=on']
    const { stdout } = await judged(cells.join('\n'), ...variants, '--margin', 'latency=30%,5ms')
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'fail',
      interactions: [
        {
          flag: 'dark-mode',
          carries: 'combination',
          message: expect.stringMatching(/^Only the canary together with dark-mode=dark causes it on GET \/cart: /),
        },
      ],
    })
  })
})

describe('why a canary fails', () => {
  const cart = { ...shop, seconds: 60, perSecond: 10 }
  const spans = (worse: Partial<Requests>): string =>
    (['1.9.0', '2.0.0'] as const)
      .flatMap((version, i) =>
        (['few', 'many'] as const).flatMap((items, j) =>
          otlpLines({
            ...cart,
            version,
            attributes: { 'checkout.items': items, 'checkout.kind': `${items} items` },
            ...(version === '2.0.0' && items === 'many' ? worse : {}),
            seed: 4 * i + j,
          }),
        ),
      )
      .join('\n')
  const verdictOn = (worse: Partial<Requests>, ...args: string[]): Promise<Run> => judged(spans(worse), ...args)

  it('names the attribute of the slow requests, and traces of them', async () => {
    const verdict = JSON.parse((await verdictOn({ medianMs: 60 })).stdout)
    expect(verdict).toMatchObject({
      verdict: 'fail',
      why: { metric: 'latency', operation: 'GET /cart', bad: 'slow' },
      exemplars: { operation: 'GET /cart', metric: 'latency' },
    })
    const [first, ...others] = verdict.why.attributes
    expect(first).toMatchObject({ attribute: 'checkout.items=many', alike: ['checkout.kind=many%20items'] })
    expect(first.explained).toBeGreaterThan(0.9)
    expect(others).toEqual([])
    expect(verdict.why.slowFromSeconds).toBeGreaterThan(0.03)
    for (const arm of ['stable', 'canary']) expect(verdict.exemplars[arm]).toHaveLength(3)
    for (const { seconds } of verdict.exemplars.canary) expect(seconds).toBeGreaterThan(verdict.why.slowFromSeconds)
  })

  it('says so in few lines for people', async () => {
    const { stdout } = await verdictOn({ errorShare: 0.3 }, '--format', 'text')
    expect(stdout).toMatch(
      /\n {2}why {4}checkout\.items=many explains 100 % of it: \d+ % of its 600 requests failed, 0 % of the other 600 \(stable: 0 % and 0 %\)\. The same requests also have checkout\.kind=many%20items\.\n/,
    )
    expect(stdout).toMatch(/\n {2}trace {2}stable( [0-9a-f]{32}){3}\n {2}trace {2}canary( [0-9a-f]{32}){3}\n/)
    expect(stdout.match(/^ {2}(why|trace) /gm)!.length).toBeLessThanOrEqual(6)
  })

  it('names no attribute where all requests are alike slow', async () => {
    const slow = spans({ medianMs: 60 }).replaceAll(/"(few|many)( items)?"/g, '"some"')
    expect(JSON.parse((await judged(slow)).stdout)).toMatchObject({ verdict: 'fail', why: { attributes: [] } })
  })

  it('is not asked of a canary that does not fail', async () => {
    expect(JSON.parse((await verdictOn({})).stdout)).toMatchObject({ interactions: [], why: null, exemplars: null })
  })
})
