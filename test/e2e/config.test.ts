import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-config-'))
let store: Awaited<ReturnType<typeof storeHere>>
beforeAll(async () => {
  store = await storeHere(folder)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const from = tickAgo(3_600_000)
const shop = { service: 'shop', route: 'GET /cart', from, seconds: 60, perSecond: 20, medianMs: 20 } as const

describe('init', () => {
  beforeAll(async () => {
    const older = otlpLines({ ...shop, version: '1.8.0', from: from - 600_000, seed: 1 })
    const stable = otlpLines({ ...shop, version: '1.9.0', from: from - 60_000, seconds: 180, seed: 2 })
    const canary = otlpLines({ ...shop, version: '2.0.0', seconds: 120, medianMs: 40, seed: 3 })
    writeFileSync(join(folder, 'spans.jsonl'), [...older, ...stable, ...canary].join('\n'))
    expect(await coalmine(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0 })
  })

  it('writes what it has seen, which check finds sound and compare judges by', async () => {
    const init = await coalmine(folder, ['init'])
    expect(init).toMatchObject({ code: 0, stderr: '' })
    const text = readFileSync(join(folder, 'coalmine.yaml'), 'utf8')
    expect(text).toMatch(/^# yaml-language-server: \$schema=/)
    expect(text).toContain('\nservice: shop\n')
    expect(text).toContain('\nstable: service.version=1.9.0\ncanary: service.version=2.0.0\n')
    expect(text).toContain('  100.0 %  GET /cart\n')
    const check = await coalmine(folder, ['check'])
    expect(check).toMatchObject({ code: 0, stderr: '' })
    expect(check.stdout).toContain('\nshop: service.version=2.0.0 against service.version=1.9.0\n')
    const compare = await coalmine(folder, ['compare', '--format', 'json'])
    expect(compare).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(compare.stdout)).toMatchObject({ service: 'shop', verdict: 'fail' })
  })

  it('answers what was expected beforehand, on the terminal and as JSON', async () => {
    const expected = 'service: shop\nstable: service.version=1.9.0\ncanary: service.version=2.0.0\nmetrics:\n'
    const latency = '  latency: { expect: better, reason: prices are cached now }\n'
    writeFileSync(join(folder, 'expected.yaml'), `${expected}${latency}  4xx: advisory\n`)
    const run = await coalmine(folder, ['compare', '--config', 'expected.yaml'])
    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(
      /\n {2}Refuted: expected latency to be better \(prices are cached now\); GET \/cart: median .* -> .*\n/,
    )
    expect(run.stdout).toContain('\n  Advisory metrics, which decide nothing, would say ')
    const json = await coalmine(folder, ['compare', '--config', 'expected.yaml', '--format', 'json'])
    expect(JSON.parse(json.stdout).hypotheses).toMatchObject([{ metric: 'latency', answer: 'refuted' }])
  })

  it('writes over nothing unless it is told to', async () => {
    writeFileSync(join(folder, 'mine.yaml'), 'service: mine\n')
    const refused = await coalmine(folder, ['init', 'mine.yaml'])
    expect(refused).toMatchObject({ code: 64, stdout: '' })
    expect(refused.stderr).toBe('coalmine: mine.yaml: it exists already; --force overwrites it\n')
    expect(readFileSync(join(folder, 'mine.yaml'), 'utf8')).toBe('service: mine\n')
    expect(await coalmine(folder, ['init', 'mine.yaml', '--force'])).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder, 'mine.yaml'), 'utf8')).toContain('service: shop\n')
  })

  it('names the services it has seen where another is asked for: exit code 3', async () => {
    const run = await coalmine(folder, ['init', 'other.yaml', '--service', 'shpo'])
    expect(run).toMatchObject({
      code: 3,
      stderr: 'coalmine: no spans of service "shpo"; did you mean shop? The store has seen: shop.\n',
    })
  })
})

describe('mode', () => {
  const more = (minutes: number, seed: number): string => {
    const part = { ...shop, service: 'seldom', from: from + minutes * 60_000, seconds: 60 }
    const file = `more-${minutes}.jsonl`
    const lines = [
      ...otlpLines({ ...part, version: '1.9.0', seed }),
      ...otlpLines({ ...part, version: '2.0.0', seed: seed + 1 }),
    ]
    writeFileSync(join(folder, file), lines.join('\n'))
    return file
  }
  const seldom = 'service: seldom\nstable: service.version=1.9.0\ncanary: service.version=2.0.0\nwarmUp: 0s\n'
  const codesOf = async (config: string): Promise<string[]> => {
    const run = await coalmine(folder, ['compare', '--config', config, '--format', 'json'])
    expect(run.stderr).toBe('')
    return JSON.parse(run.stdout).reasons.map(({ code }: { code: string }) => code)
  }

  it('counts looks at new data where only one is allowed', async () => {
    writeFileSync(join(folder, 'fixed.yaml'), `${seldom}mode: fixed\n`)
    await coalmine(folder, ['import', more(0, 10)])
    expect(await codesOf('fixed.yaml')).toContain('one-look')
    expect(await codesOf('fixed.yaml')).not.toContain('peeked')
    await coalmine(folder, ['import', more(5, 20)])
    expect(await codesOf('fixed.yaml')).toContain('peeked')
  })

  it('with planned looks is refused with what to write instead: exit code 64', async () => {
    writeFileSync(join(folder, 'planned.yaml'), `${seldom}mode: { looks: 2, spending: pocock }\n`)
    const refused = await coalmine(folder, ['compare', '--config', 'planned.yaml'])
    expect(refused).toMatchObject({ code: 64, stdout: '' })
    expect(refused.stderr).toContain('planned.yaml:5: mode: planned looks are no longer needed: leave out "mode"')
  })

  it('that may not look every five seconds is not watched', async () => {
    writeFileSync(join(folder, 'fixed.yaml'), `${seldom}mode: fixed\n`)
    const run = await coalmine(folder, ['watch', '--config', 'fixed.yaml'])
    expect(run).toMatchObject({ code: 64, stdout: '' })
    expect(run.stderr).toContain('a fixed test allows one look')
  })
})

describe('check', () => {
  const check = async (text: string) => {
    writeFileSync(join(folder, 'checked.yaml'), text)
    return coalmine(folder, ['check', 'checked.yaml'])
  }

  it('says in plain words what would be judged', async () => {
    const run = await check(`
service: checkout
stable: flag:new-pricing=off
canary: flag:new-pricing=on
alpha: 0.01
metrics:
  latency: { expect: better, margin: 5%, reason: the new cache }
  errors: { critical: true }
  client-errors: off
  cost: { attribute: app.cost, expect: worse-by-at-most, margin: 2% }
  queries: { calls: db.system.name=postgresql, gate: advisory }
  cached: { share: app.cache.hit=true, worse: lower, weight: 2 }
`)
    expect(run).toMatchObject({ code: 0, stderr: '' })
    await expect(run.stdout).toMatchFileSnapshot('./help/checked.golden.txt')
  })

  it('tells everything that is wrong, line by line: exit code 64', async () => {
    const run = await check(`
service: checkout
stable: service.version
alpha: 5
metrics:
  latncy: { margin: 5% }
  queries: { calls: postgresql }
splt: 10%
`)
    expect(run).toMatchObject({ code: 64, stdout: '' })
    await expect(run.stderr).toMatchFileSnapshot('./help/check-problems.golden.txt')
  })

  it('needs a file', async () => {
    const run = await coalmine(folder, ['check', 'none.yaml'])
    expect(run).toMatchObject({ code: 64, stderr: 'coalmine: none.yaml: there is no such file\n' })
  })
})
