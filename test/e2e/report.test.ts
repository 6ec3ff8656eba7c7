import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine, storeHere } from './coalmine.ts'
import { compareShop, otlpLines, tickAgo } from './otlp.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-report-'))
let store: Awaited<ReturnType<typeof storeHere>>
let id: string

beforeAll(async () => {
  store = await storeHere(folder, '.coalmine', { lookEveryMs: 100 })
  const traffic = { service: 'shop', route: 'GET /cart', from: tickAgo(300_000), seconds: 240, perSecond: 20 }
  const spans = [
    ...otlpLines({ ...traffic, version: '1.9.0', medianMs: 20, seed: 1 }),
    ...otlpLines({ ...traffic, version: '2.0.0', medianMs: 60, seed: 2 }),
  ]
  writeFileSync(join(folder, 'spans.jsonl'), spans.join('\n'))
  expect(await coalmine(folder, ['import', 'spans.jsonl'])).toMatchObject({ code: 0 })
  const watched = await coalmine(folder, [
    'watch',
    ...compareShop.slice(1),
    '--format',
    'json',
    '--output',
    'verdict.json',
  ])
  expect(watched).toMatchObject({ code: 1, stdout: '' })
  id = /comparison (\w+) runs/.exec(watched.stderr)![1]!
})
afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const report = (...args: readonly string[]) => coalmine(folder, ['report', ...args])

it.each([
  ['markdown', /^### ❌ FAIL: `shop`\n/],
  ['junit', /^<\?xml [\s\S]*<failure message="FAIL: /],
  ['text', /^FAIL {2}shop/],
  ['json', /^{\n {2}"schema": "coalmine.verdict\/1"/],
])('compare writes %s, and report the same from a file', async (format, begins) => {
  const compared = await coalmine(folder, [...compareShop, '--format', format])
  expect(compared).toMatchObject({ code: 1, stdout: expect.stringMatching(begins) })
  expect(await report('verdict.json', '--format', format)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(begins),
    stderr: '',
  })
})

it('the report of a comparison has its link, and both cohorts over time', async () => {
  const markdown = await report(id, '--format', 'markdown')
  expect(markdown).toMatchObject({ code: 0, stderr: '' })
  expect(markdown.stdout).toContain(`[Charts and traces](<${store.url}/comparisons/${id}>)`)
  const text = await report(id)
  expect(text.stdout).toMatch(
    /GET \/cart {2}latency p50 {2}stable +[▁-█ ]+ {2}[\d.]+ ms\n +canary +[▁-█ ]+ {2}[\d.]+ ms\n/,
  )
})

it('a report goes into a file, and comes from standard input', async () => {
  expect(await report(id, '--format', 'junit', '--output', 'junit.xml')).toMatchObject({ code: 0, stdout: '' })
  expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('<testsuites name="coalmine"')
  const piped = await coalmine(folder, ['report', '-'], readFileSync(join(folder, 'verdict.json'), 'utf8'))
  expect(piped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^FAIL /) })
})

it('a comparison is reported without a server that runs, too', async () => {
  await store.close()
  expect(await report(id)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^FAIL {2}shop/), stderr: '' })
  store = await storeHere(folder)
})

it.each([
  ['no file', ['none.json'], 64, 'none.json: there is no such file, and no comparison has this id'],
  ['no comparison', ['0123456789ab'], 3, 'comparisons/0123456789ab: there is no such comparison'],
  ['no JSON', ['spans.jsonl'], 65, 'spans.jsonl: not JSON'],
  ['no verdict', ['other.json'], 65, 'other.json: this is not a verdict'],
  ['no format', ['verdict.json', '--format', 'pdf'], 64, 'pdf'],
])('names what is %s', async (_, args, code, message) => {
  writeFileSync(join(folder, 'other.json'), '{"schema":"coalmine.verdict/1","verdict":"maybe"}')
  expect(await report(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
})
