import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { coalmine, type Run } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const demo = (...args: string[]): Promise<Run> =>
  coalmine(folder, ['demo', '--acts', '1', '--rate', '60', ...args], '', { TMPDIR: folder })

/** What demos have left in their temporary folder, and processes that still run and have it in their environment. */
function left(): string[] {
  const running = execFileSync('ps', ['axeww', '-o', 'args'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return [...readdirSync(folder), ...running.split('\n').filter((process) => process.includes(folder))]
}

it('fails the bad canary, names route, metric, flag, effect and time, and leaves nothing behind', async () => {
  const run = await demo('--effect', '2')
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(
    /GET \/cart is slower: median [\d.]+ ms -> [\d.]+ ms \(\+\d+ % to \+\d+ %\), more than the margin of 25 % or 5 ms, with flag new-pricing=on \(stable: off\)\./,
  )
  expect(run.stdout).toMatch(/FAIL \d+ s after the first request\. Of \d+ test requests sent, [1-9]\d* had arrived/)
  expect(left()).toEqual([])
})

it('does not fail the canary that has no effect', async () => {
  const run = await demo('--effect', '0', '--seed', '7')
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(/^(PASS|INCONCLUSIVE) {2}storefront/m)
  expect(run.stdout).not.toContain('FAIL')
  expect(left()).toEqual([])
})
