import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { coalmine } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What demos have left in their temporary folder, and processes that still run and have it in their environment. */
function left(): string[] {
  const running = execFileSync('ps', ['axeww', '-o', 'args'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return [...readdirSync(folder), ...running.split('\n').filter((process) => process.includes(folder))]
}

it('fails the bad canary, names route, metric, flag, effect and time, and leaves nothing behind', async () => {
  // That equal builds do not fail is what identical.test.ts sees, with smaller margins.
  const args = ['demo', '--acts', '1', '--rate', '60', '--effect', '2']
  // What a project says of its own releases, and whom it tells, is not for the demo.
  writeFileSync(join(folder, 'coalmine.yaml'), 'not: read\n')
  const run = await coalmine(folder, args, '', { TMPDIR: folder, COALMINE_CONFIG: 'nowhere.yaml' })
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(
    /GET \/cart is slower: median [\d.]+ ms -> [\d.]+ ms \(\+\d+ % to \+\d+ %\), more than the margin of 25 % or 5 ms, with flag new-pricing=on \(stable: off\)\./,
  )
  expect(run.stdout).toMatch(/FAIL \d+ s after the first request\. Of \d+ test requests sent, [1-9]\d* had arrived/)
  expect(left()).toEqual(['coalmine.yaml'])
})
