import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { coalmine } from './coalmine.ts'

const folder = mkdtempSync(join(tmpdir(), 'coalmine-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Stores of demos that are left in the temporary folder, and services of theirs that still run. */
function left(): string[] {
  const stores = readdirSync(tmpdir()).filter((name) => name.startsWith('coalmine-demo-'))
  const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((args) => /demo\/dist\/(storefront|inventory)\.js|serve --store .*coalmine-demo-/.test(args))
  return [...stores, ...running]
}

it('fails the bad canary, names route, metric, flag, effect and time, and leaves nothing behind', async () => {
  const run = await coalmine(folder, ['demo', '--acts', '1', '--rate', '200', '--effect', '0.6'])
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(
    /GET \/cart is slower: median [\d.]+ ms -> [\d.]+ ms \(\+\d+ % to \+\d+ %\), more than the margin of 25 % or 5 ms, with flag new-pricing=on \(stable: off\)\./,
  )
  expect(run.stdout).toMatch(/FAIL \d+ s after the first request\. Of \d+ test requests sent, [1-9]\d* had arrived/)
  expect(left()).toEqual([])
})

it('does not fail the canary that has no effect', async () => {
  const run = await coalmine(folder, ['demo', '--acts', '1', '--rate', '300', '--effect', '0', '--seed', '7'])
  expect(run.code).toBe(0)
  expect(run.stdout).toMatch(/^(PASS|INCONCLUSIVE) {2}storefront/m)
  expect(run.stdout).not.toContain('FAIL')
  expect(left()).toEqual([])
})
