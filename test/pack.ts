import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..')

/** A package as it would be published. */
export interface Packed {
  readonly name: string
  /** Its folder in `packages`. */
  readonly folder: string
  readonly tarball: string
  /** The paths in the tarball. */
  readonly files: readonly string[]
}

/** The packages that are published: all in `packages` that are not private. */
export const published: readonly { readonly name: string; readonly folder: string }[] = globSync(
  'packages/*/package.json',
  { cwd: root },
)
  .sort()
  .map((path) => ({ folder: dirname(path), ...(JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest) }))
  .filter((manifest) => manifest.private !== true)
  .map(({ name, folder }) => ({ name, folder: join(root, folder) }))

/** Packs the built packages into a folder, as `npm publish` would. */
export async function packInto(destination: string): Promise<readonly Packed[]> {
  const folders = published.map(({ folder }) => folder)
  const args = ['pack', ...folders, '--pack-destination', destination, '--json', '--ignore-scripts']
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 })
  const answer = JSON.parse(stdout) as readonly Answer[] | Readonly<Record<string, Answer>>
  return Object.values(answer).map(({ name, filename, files }) => {
    const folder = published.find((one) => one.name === name)?.folder
    if (folder === undefined) throw new Error(`npm pack answered with a package that is not ours: ${name}`)
    return { name, folder, tarball: join(destination, filename), files: files.map(({ path }) => path) }
  })
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
}

interface Answer {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}
