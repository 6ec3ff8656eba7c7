import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { REVISION, SERVICE_VERSION } from './attributes.ts'

/** Which build of which service is running. What could not be found out is left out. */
export interface Build {
  readonly service?: string
  readonly version?: string
  readonly revision?: string
}

/** Where `detectBuild` looks: both default to the running process. */
export interface BuildSources {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

/** Environment variables that hold the revision: ours first, then those of CI systems and hosts, as they document them. */
const REVISION_VARIABLES = [
  'COALMINE_REVISION',
  'GITHUB_SHA',
  'CI_COMMIT_SHA', // GitLab
  'GIT_COMMIT', // Jenkins
  'BUILDKITE_COMMIT',
  'CIRCLE_SHA1',
  'BUILD_SOURCEVERSION', // Azure Pipelines
  'RENDER_GIT_COMMIT',
  'VERCEL_GIT_COMMIT_SHA',
  'HEROKU_SLUG_COMMIT',
]

/**
 * Finds out which build is running. Explicit settings win: `COALMINE_VERSION`, `COALMINE_REVISION`,
 * `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`; then CI variables, the nearest package.json and git's files.
 * A version that only package.json knows gets the revision appended, since two builds often share it. Never throws.
 *
 * @example detectBuild({ env: { OTEL_SERVICE_NAME: 'shop', COALMINE_VERSION: '2.0.0' } })
 * // { service: 'shop', version: '2.0.0' }, and `revision` when it runs inside a git checkout
 */
export function detectBuild(sources: BuildSources = {}): Build {
  const { env = process.env, cwd = process.cwd() } = sources
  const resource = resourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])
  const manifest = packageManifest(cwd)
  const revision = first(...REVISION_VARIABLES.map((name) => env[name])) ?? resource.get(REVISION) ?? gitRevision(cwd)
  return defined({
    service: first(env['OTEL_SERVICE_NAME'], resource.get('service.name'), manifest.name),
    version:
      first(env['COALMINE_VERSION'], resource.get(SERVICE_VERSION)) ??
      versionOf(manifest.version, revision?.slice(0, 7)),
    revision,
  })
}

function versionOf(released: string | undefined, revision: string | undefined): string | undefined {
  return released !== undefined && revision !== undefined ? `${released}+${revision}` : (released ?? revision)
}

/** As the SDK reads it: one pair that is malformed makes the whole list void. */
function resourceAttributes(list = ''): Map<string, string> {
  try {
    const pairs = list.split(',').filter((pair) => pair.trim() !== '')
    return new Map(
      pairs.map((pair) => {
        const equals = pair.indexOf('=')
        if (equals < 1) throw new SyntaxError(pair)
        return [decodeURIComponent(pair.slice(0, equals).trim()), decodeURIComponent(pair.slice(equals + 1).trim())]
      }),
    )
  } catch {
    return new Map()
  }
}

function packageManifest(cwd: string): { name?: string; version?: string } {
  for (const folder of upwards(cwd)) {
    const text = read(join(folder, 'package.json'))
    if (text === undefined) continue
    try {
      const { name, version } = JSON.parse(text) as Record<string, unknown>
      return defined({
        name: typeof name === 'string' ? first(name) : undefined,
        version: typeof version === 'string' ? first(version) : undefined,
      })
    } catch {
      return {}
    }
  }
  return {}
}

/** Reads git's files instead of running git: production images have the first more often than the second. */
function gitRevision(cwd: string): string | undefined {
  for (const folder of upwards(cwd)) {
    const gitFolder = gitFolderOf(folder)
    const head = gitFolder && read(join(gitFolder, 'HEAD'))?.trim()
    if (!gitFolder || !head) continue
    if (!head.startsWith('ref: ')) return isRevision(head)
    const name = head.slice('ref: '.length)
    // In a linked worktree the branches are in the main checkout's folder, which `commondir` names.
    const common = resolve(gitFolder, read(join(gitFolder, 'commondir'))?.trim() ?? '.')
    const loose = read(join(common, name))?.trim()
    const packed = read(join(common, 'packed-refs'))
      ?.split('\n')
      .find((line) => line.endsWith(` ${name}`))
    return isRevision(loose ?? packed?.split(' ')[0])
  }
  return undefined
}

function gitFolderOf(folder: string): string | undefined {
  const inside = join(folder, '.git')
  if (read(join(inside, 'HEAD')) !== undefined) return inside
  const pointer = read(inside)
  return pointer?.startsWith('gitdir: ') ? resolve(folder, pointer.slice('gitdir: '.length).trim()) : undefined
}

function isRevision(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? text : undefined
}

function* upwards(from: string): Generator<string> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    yield folder
    if (dirname(folder) === folder) return
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function first(...texts: (string | undefined)[]): string | undefined {
  return texts.map((text) => text?.trim()).find((text) => text !== undefined && text !== '')
}

function defined<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
