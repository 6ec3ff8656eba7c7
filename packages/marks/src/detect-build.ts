import { join } from 'node:path'
import {
  CHANGE_AUTHOR,
  CHANGE_COUNT,
  CHANGE_ID,
  CHANGE_MERGER,
  DEPLOYMENT,
  INSTANCE,
  REPOSITORY,
  REVISION,
  RUN,
  SERVICE_NAME,
  SERVICE_VERSION,
} from './attributes.ts'
import type { Build } from './build.ts'
import { buildFromCi } from './build-from-ci.ts'
import { changeFromGit, gitCheckout } from './build-from-git.ts'
import { defined, first } from './fields.ts'
import { readText, upwards } from './files.ts'
import { sayOnce } from './say-once.ts'

/** Where `detectBuild` looks: both default to the running process. */
export interface BuildSources {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

/** Each field's environment variable and resource attribute. */
const buildFields = [
  ['service', 'OTEL_SERVICE_NAME', SERVICE_NAME],
  ['version', 'COALMINE_VERSION', SERVICE_VERSION],
  ['revision', 'COALMINE_REVISION', REVISION],
  ['deployment', 'COALMINE_DEPLOYMENT', DEPLOYMENT],
  ['instance', 'COALMINE_INSTANCE', INSTANCE],
  ['repository', 'COALMINE_REPOSITORY', REPOSITORY],
  ['change', 'COALMINE_CHANGE', CHANGE_ID],
  ['author', 'COALMINE_AUTHOR', CHANGE_AUTHOR],
  ['merger', 'COALMINE_MERGER', CHANGE_MERGER],
  ['changes', 'COALMINE_CHANGES', CHANGE_COUNT],
  ['run', 'COALMINE_PIPELINE_RUN', RUN],
] as const

/**
 * Detects which build is running. Explicit settings come first: `OTEL_SERVICE_NAME`, `COALMINE_VERSION` and the like, then
 * `OTEL_RESOURCE_ATTRIBUTES`; then the variables of CI systems and Kubernetes, the nearest package.json, and git. A version
 * from package.json gets the revision appended, since builds often share one. Warns through the API's `diag` if the build
 * bundles several changes. Never throws.
 *
 * @example detectBuild({ env: { OTEL_SERVICE_NAME: 'shop', COALMINE_VERSION: '2.0.0' } })
 * // { service: 'shop', version: '2.0.0' }, and revision, repository and author when it runs inside a git checkout
 */
export function detectBuild(sources: BuildSources = {}): Build {
  const { env = process.env, cwd = process.cwd() } = sources
  const resource = resourceAttributes(env['OTEL_RESOURCE_ATTRIBUTES'])
  const said: Partial<Record<keyof Build, string>> = defined(
    Object.fromEntries(buildFields.map(([field, variable, key]) => [field, first(env[variable], resource.get(key))])),
  )
  const { previous, ...ci } = buildFromCi(env)
  const checkout = gitCheckout(cwd)
  const manifest = packageManifest(cwd)
  const revision = said.revision ?? ci.revision ?? checkout?.revision
  const git = checkout && revision ? changeFromGit(cwd, revision, env['COALMINE_PREVIOUS_REVISION'] || previous) : {}
  const changes = count(said.changes) ?? git.changes
  if (changes !== undefined && changes > 1) {
    sayOnce(
      `this build bundles ${changes} changes: if it does harm, any of them may be the cause. Deploy one change at a time where you can`,
    )
  }
  const { author = git.author ?? ci.author, merger = ci.merger ?? git.merger, ...rest } = said
  return defined({
    ...ci,
    ...rest,
    service: said.service ?? manifest.name,
    version: said.version ?? versionOf(manifest.version, revision?.slice(0, 7)),
    revision,
    repository: withoutCredentials(said.repository ?? ci.repository ?? checkout?.repository),
    author,
    merger,
    changes,
  })
}

/**
 * Returns a build as attributes of an OpenTelemetry resource, named by the semantic conventions where those cover them.
 *
 * @example resourceFromAttributes(buildAttributes(detectBuild())) // service.version, vcs.ref.head.revision, ...
 */
export function buildAttributes(build: Build): Record<string, string | number> {
  return Object.fromEntries(
    buildFields.flatMap(([field, , key]) => {
      const value = build[field]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

function versionOf(released: string | undefined, revision: string | undefined): string | undefined {
  return released !== undefined && revision !== undefined ? `${released}+${revision}` : (released ?? revision)
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** Normalises a URL as the conventions require: https, no `.git`. Also drops tokens, which remote URLs often contain. */
function withoutCredentials(url: string | undefined): string | undefined {
  return url
    ?.replace(/^(?:ssh:\/\/)?(?:[^@/]+@)([^:/]+)(?::\d+\/|[:/])/, 'https://$1/')
    .replace(/^(\w+:\/\/)[^@/]*@/, '$1')
    .replace(/\.git\/?$/, '')
}

/** Parses like the SDK: one malformed pair invalidates the whole list. */
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
    const text = readText(join(folder, 'package.json'))
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
