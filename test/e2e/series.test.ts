import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { coalmineHere as coalmine } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const points = (level: number) => Array.from({ length: 20 }, (_, at) => level * (1 + 0.01 * ((at * 7) % 20)))
const csv = (stable: readonly number[], canary: readonly number[]): string =>
  ['stable,canary', ...stable.map((value, at) => `${value},${canary[at]}`)].join('\n')
const counts = (canary: number): string =>
  ['stable.events,stable.n,canary.events,canary.n', ...points(1).map(() => `9,900,${canary},100`)].join('\n')

beforeAll(() => {
  writeFileSync(join(folder, 'slow.csv'), csv(points(100), points(150)))
  writeFileSync(join(folder, 'good.json'), JSON.stringify({ stable: points(100), canary: points(100) }))
  writeFileSync(join(folder, 'few.csv'), csv([100, 101], [104, 103]))
  writeFileSync(join(folder, 'errors.csv'), counts(5))
  writeFileSync(join(folder, 'empty.json'), '{"stable":[1,2],"canary":[]}')
  writeFileSync(join(folder, 'broken.csv'), 'stable,canary\n1,2\n3,fast\n')
})

it.each([
  [['slow.csv'], 1, 'FAIL  slow.csv: canary against stable', 'Canary is higher: median 110 -> 164'],
  [['good.json'], 0, 'PASS  good.json: canary against stable', 'Canary is within the margin of 10%'],
  [['few.csv'], 2, 'INCONCLUSIVE  few.csv', 'Not settled against the margin of 10%'],
  [['empty.json'], 3, 'INVALID  empty.json', 'canary has no points.'],
  [['errors.csv'], 1, 'FAIL  errors.csv', 'Canary is higher: rate 1 % -> 5 %'],
  [['slow.csv', '--worse', 'lower'], 0, 'PASS  slow.csv', 'Canary is within the margin of 10%'],
  [['slow.csv', '--margin', 'series=100%'], 0, 'PASS  slow.csv', 'Canary is within the margin of 100%'],
])('compare --series %j exits with %i', async (args, code, ...parts) => {
  const run = await coalmine(folder, ['compare', '--series', ...args])
  expect(run).toMatchObject({ code, stderr: '' })
  for (const part of parts) expect(run.stdout).toContain(part)
  expect(run.stdout).toContain('A test of plain series holds for one look')
})

it('takes standard input, and writes JSON to the file that is named', async () => {
  const args = ['compare', '--series', '-', '--format', 'json', '--output', 'verdict.json']
  const run = await coalmine(folder, args, csv(points(100), points(150)))
  expect(run).toMatchObject({ code: 1, stdout: '', stderr: '' })
  expect(JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8'))).toMatchObject({
    schema: 'coalmine.series/1',
    verdict: 'fail',
    kind: 'values',
    stable: { count: 20 },
  })
})

it.each([
  [['broken.csv'], 65, 'broken.csv:3: expected a number, got "fast"'],
  [['none.csv'], 64, '--series none.csv: there is no such file'],
  [['slow.csv', '--margin', 'latency=5%'], 64, '--margin latency: with --series, write --margin series=10%'],
  [['slow.csv', '--margin', 'series=ten'], 64, '--margin series: expected a margin such as 10%, 0.5 or 10%,0.5'],
  [['slow.csv', '--from', 'spans.jsonl'], 64, '--series cannot be used with --from'],
])('compare --series %j exits with %i and says why', async (args, code, message) => {
  const run = await coalmine(folder, ['compare', '--series', ...args])
  expect(run.stderr).toContain(message)
  expect(run).toMatchObject({ code, stdout: '' })
})
