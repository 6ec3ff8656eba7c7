import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { exampleOn, expectPrinted } from './manual.ts'
import { compareShop, otlpLines } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
let store: Awaited<ReturnType<typeof storeHere>>
beforeAll(async () => {
  store = await storeHere(folder)
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const from = Date.UTC(2026, 10, 20, 10)
const minutes = 15
const traffic = {
  service: 'shop',
  route: 'GET /cart',
  from,
  seconds: 60 * minutes,
  perSecond: 4,
  medianMs: 20,
} as const

const metric = (name: string, canary: object, query?: object) => ({
  name,
  groups: ['all'],
  analysisConfigurations: { canary },
  ...(query ? { query } : {}),
})

beforeAll(async () => {
  const stable = otlpLines({ ...traffic, version: '1.9.0', seed: 1 })
  const slow = otlpLines({ ...traffic, version: '2.0.0', medianMs: 26, seed: 2 })
  writeFileSync(join(folder, 'slow.jsonl'), [...stable, ...slow].join('\n'))
  const config = {
    name: 'shop',
    metrics: [
      metric('errorRate', { direction: 'increase', critical: true }),
      metric('transactionTime', { direction: 'increase' }, { type: 'prometheus', coalmine: 'latency-p50' }),
    ],
    classifier: { scoreThresholds: { pass: 95, marginal: 50 } },
  }
  writeFileSync(join(folder, 'canary-config.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'unknown.json'), JSON.stringify({ metrics: [metric('cpu', {})] }))
  writeFileSync(
    join(folder, 'mistyped.json'),
    JSON.stringify({ metrics: [metric('latency-p50', { direction: 'up' })] }),
  )
  expect(await coalmine(folder, ['import', 'slow.jsonl'])).toMatchObject({ code: 0 })
})

it("shows Kayenta's answer beside the verdict, which decides the exit code", async () => {
  const example = exampleOn('kayenta.md')
  const run = await coalmine(folder, example.args)
  expect(run.stderr).toBe('')
  expectPrinted(example, run.stdout)
  expect(run.stdout).toMatch(/^FAIL {2}shop: /)
  expect(run.stdout).toContain('kayenta  MARGINAL, score 50 of 100: passes from 95, marginal from 50')
  expect(run.stdout).toMatch(/ transactionTime {2}High {4}15 v 15 {2}x 1\.[23]\d? /)
  expect(run.stdout).toMatch(/ errorRate {8}Pass {4}15 v 15/)
  expect(run.code).toBe(1)
})

it('lets Kayenta decide the exit code where it is asked to, and says so', async () => {
  const kayenta = ['--judge', 'kayenta', '--kayenta', 'canary-config.json', '--format', 'json']
  const run = await coalmine(folder, [...compareShop, ...kayenta])
  expect(run).toMatchObject({ code: 2, stderr: "coalmine: the exit code is that of Kayenta's answer\n" })
  const verdict = JSON.parse(run.stdout)
  expect(verdict).toMatchObject({ verdict: 'fail', kayenta: { classification: 'Marginal', score: 50 } })
  const schema = readFileSync(new URL('../../packages/comparator/verdict.schema.json', import.meta.url), 'utf8')
  const conforms = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(JSON.parse(schema))
  expect(conforms(verdict) || conforms.errors).toBe(true)
})

it.each([
  [['--judge', 'kayenta'], '--judge kayenta needs a canary config: give it with --kayenta'],
  [['--kayenta', 'none.json'], '--kayenta none.json: there is no such file'],
  [['--kayenta', 'slow.jsonl'], 'slow.jsonl: not JSON'],
  [
    ['--kayenta', 'mistyped.json'],
    'mistyped.json: metrics[0].analysisConfigurations.canary.direction: expected one of',
  ],
  [['--kayenta', 'unknown.json'], 'metric "cpu": no series is called "cpu"'],
])('%j is exit code 64', async (args, message) => {
  const run = await coalmine(folder, [...compareShop, ...args])
  expect(run.stderr).toContain(message)
  expect(run).toMatchObject({ code: 64, stdout: '' })
})
