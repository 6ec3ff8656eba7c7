import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { problemAffectsResolutionKind } from '@arethetypeswrong/core/problems'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import type { Packed } from '../pack.ts'

/** What publint has to say of a package as it would be published. */
export async function lintProblems({ tarball }: Packed): Promise<readonly string[]> {
  const bytes = Uint8Array.from(readFileSync(tarball)).buffer
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true })
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code)
}

/** The kinds of import by which a compiler does not find the types of a package. */
export async function typeProblems({ name, tarball }: Packed): Promise<readonly string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))))
  if (!analysis.types) return ['no types']
  // As its profile esm-only: the packages are modules, and ask for a Node that knows exports.
  // What runs in an app is found by older settings of the app's compiler too.
  const older = /^@coalmine\/(marks|express|fastify|flags)$/.test(name) ? (['node10'] as const) : []
  return [...(['node16-esm', 'bundler'] as const), ...older].flatMap((resolution) =>
    analysis.problems
      .filter((problem) => problemAffectsResolutionKind(problem, resolution, analysis))
      .map(({ kind }) => `${kind} (${resolution})`),
  )
}

/** Files that a package promises by `exports` or `bin` and does not have. */
export function missingFiles({ files, folder }: Packed): readonly string[] {
  const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return pathsIn([exports, bin]).filter((path) => !files.includes(path.replace('./', '')))
}

/** The relative paths in a tree of conditions. */
function pathsIn(tree: unknown): string[] {
  if (typeof tree === 'string') return [tree]
  return Object.values(tree ?? {}).flatMap(pathsIn)
}
