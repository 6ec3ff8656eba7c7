import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, packInto, published } from '../pack.ts'
import { inOrder } from '../release/order.ts'
import { lintProblems, missingFiles, typeProblems } from '../release/problems.ts'

const root = join(import.meta.dirname, '../..')
const destination = mkdtempSync(join(tmpdir(), 'coalmine-pack-'))
let packages: readonly Packed[]

beforeAll(async () => {
  packages = await packInto(destination)
})
afterAll(() => rmSync(destination, { recursive: true }))

describe.each(published.map(({ name }) => name))('%s, as it is published', (name) => {
  const packed = (): Packed => packages.find((one) => one.name === name)!

  it('has its licence, its README and what was built, and nothing else', () => {
    const { files, folder } = packed()
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
    const built = files.filter((path) => path.startsWith('dist/'))
    expect(built.length).toBeGreaterThan(0)
    const left = built.filter((path) => !existsSync(join(folder, sourceOf(path))))
    expect(left, `built from sources that are gone: rm -r ${folder}/{dist,*.tsbuildinfo} && npm run build`).toEqual([])
    expect(files.filter((path) => /\.test\.|tsbuildinfo|^src\/|^test\//.test(path))).toEqual([])
  })

  it('has source maps that need no file outside of the package', () => {
    const { files, folder } = packed()
    const without = files
      .filter((path) => path.endsWith('.map'))
      .filter((path) => !JSON.parse(readFileSync(join(folder, path), 'utf8')).sourcesContent?.[0])
    expect(without).toEqual([])
  })

  it('passes publint', async () => {
    expect(await lintProblems(packed())).toEqual([])
  })

  it('has types that are found wherever it is imported', async () => {
    expect(await typeProblems(packed())).toEqual([])
  })

  it('has every file that exports and bin name', () => {
    expect(missingFiles(packed())).toEqual([])
  })
})

it('the packages are published after those that they depend on', () => {
  const names = inOrder(packages).map(({ name }) => name)
  expect(names.toSorted()).toEqual(packages.map(({ name }) => name).toSorted())
  const places = ['@coalmine/stats', '@coalmine/comparator', '@coalmine/store', '@coalmine/server', 'coalmine']
  const at = places.map((name) => names.indexOf(name))
  expect(at).toEqual(at.toSorted((a, b) => a - b))
})

function sourceOf(built: string): string {
  return built.replace(/^dist\//, 'src/').replace(/(\.d)?\.(js|ts)(\.map)?$/, '.ts')
}
