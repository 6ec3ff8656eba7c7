import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { problemAffectsResolutionKind } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, packInto, published } from '../pack.ts'

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
    const { tarball } = packed()
    const bytes = Uint8Array.from(readFileSync(tarball)).buffer
    const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it('has types that are found wherever it is imported', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(packed().tarball))))
    if (!analysis.types) throw new Error(`${name} has no types`)
    // As its profile esm-only: the packages are modules, and ask for a Node that knows exports.
    // What runs in an app is found by older settings of the app's compiler too.
    const older = /^@coalmine\/(marks|express|fastify|flags)$/.test(name) ? (['node10'] as const) : []
    const asked = [...(['node16-esm', 'bundler'] as const), ...older].flatMap((resolution) =>
      analysis.problems.filter((problem) => problemAffectsResolutionKind(problem, resolution, analysis)),
    )
    expect(asked).toEqual([])
  })

  it('has every file that exports and bin name', () => {
    const { files, folder } = packed()
    const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    expect(pathsIn([exports, bin]).filter((path) => !files.includes(path.replace('./', '')))).toEqual([])
  })
})

/** The relative paths in a tree of conditions. */
function pathsIn(tree: unknown): string[] {
  if (typeof tree === 'string') return [tree]
  return Object.values(tree ?? {}).flatMap(pathsIn)
}

function sourceOf(built: string): string {
  return built.replace(/^dist\//, 'src/').replace(/(\.d)?\.(js|ts)(\.map)?$/, '.ts')
}
