import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const home = join(root, 'packages/flags')
// Inside the package, so that what the example imports is found.
const directory = mkdtempSync(join(home, 'readme-'))

describe('the shipping calculator of the README', () => {
  const files = [...readFileSync(join(home, 'README.md'), 'utf8').matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)]

  beforeAll(() => {
    for (const [, name, text] of files) writeFileSync(join(directory, name!), text!)
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  it('passes its three tests in vitest', () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    expect(run([vitest, 'run', '--root', directory])).toMatch(/Tests\s+3 passed/)
  })

  it('passes its three tests in node:test', () => {
    const test = join(directory, 'shop.test.ts')
    const text = readFileSync(test, 'utf8').replace("from 'vitest' // or 'node:test'", "from 'node:test'")
    writeFileSync(test, text)
    expect(run(['--test', '--test-reporter=tap', test])).toMatch(/# pass 3\n# fail 0/)
  })
})

function run(args: readonly string[]): string {
  const { NODE_TEST_CONTEXT: _, VITEST: __, ...env } = process.env
  return execFileSync(process.execPath, args, { encoding: 'utf8', cwd: directory, env: { ...env, NO_COLOR: '1' } })
}
