import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Finds packages: ours first, then the application's, which need not be the same where packages are linked. */
export interface Peers {
  /** The file that a package's name stands for. Undefined is "not installed". */
  resolve(name: string): string | undefined
  /** The package. Undefined is "not installed"; a broken one throws. */
  load<T>(name: string): T | undefined
  /** The version that is installed. Undefined is "not installed". */
  version(name: string): string | undefined
  /** Finds the packages that this package uses itself. */
  from(name: string): Peers
}

/** Finds the packages for an application that runs in `cwd`. */
export function findPeers(cwd: string): Peers {
  return peersOf([createRequire(import.meta.url), createRequire(join(cwd, 'package.json'))])
}

function peersOf(requires: readonly NodeJS.Require[]): Peers {
  const resolve = (name: string): string | undefined => {
    for (const require of requires) {
      try {
        return require.resolve(name)
      } catch {
        // The next one may have it.
      }
    }
    return undefined
  }
  return {
    resolve,
    load: <T>(name: string): T | undefined => {
      const path = resolve(name)
      return path === undefined ? undefined : (createRequire(path)(path) as T)
    },
    version: (name) => {
      const path = resolve(name)
      return path === undefined ? undefined : versionAbove(dirname(path), name)
    },
    from: (name) => {
      const path = resolve(name)
      return path === undefined ? peersOf([]) : peersOf([createRequire(path)])
    },
  }
}

/** Loads what must be there: otherwise the error names everything that is missing, and how to install it. */
export function loadAll<T extends object>(peers: Peers, names: { readonly [K in keyof T]: string }): T {
  const entries = Object.entries<string>(names).map(([field, name]) => [field, peers.load(name), name] as const)
  const missing = entries.flatMap(([, loaded, name]) => (loaded === undefined ? [name] : []))
  if (missing.length > 0) throw new Error(installCommand(missing, peers))
  return Object.fromEntries(entries) as T
}

/** The last versions of OpenTelemetry 2.x, which its API before 1.10 goes with. */
const secondLine: Readonly<Record<string, string>> = {
  '@opentelemetry/api': '@1.9',
  '@opentelemetry/core': '@2',
  '@opentelemetry/exporter-trace-otlp-grpc': '@0.223',
  '@opentelemetry/exporter-trace-otlp-http': '@0.223',
  '@opentelemetry/exporter-trace-otlp-proto': '@0.223',
  '@opentelemetry/instrumentation-express': '@0.71',
  '@opentelemetry/instrumentation-http': '@0.223',
  '@opentelemetry/instrumentation-undici': '@0.33',
  '@opentelemetry/sdk-node': '@0.223',
  '@opentelemetry/sdk-trace': '@2',
}

/** What to say of packages that are missing: the command installs those that go with the API that is there. */
export function installCommand(missing: readonly string[], peers: Peers): string {
  const api = peers.version('@opentelemetry/api')
  const isSecond = api === undefined ? !isAtLeast(process.versions.node, 22, 15) : !isAtLeast(api, 1, 10)
  const wanted = missing.map((name) => `${name}${isSecond ? (secondLine[name] ?? '') : ''}`)
  return `not installed: ${missing.join(', ')}. Run: ${add()} ${wanted.join(' ')}`
}

/**
 * Which of these packages are of OpenTelemetry 3.x, beside an API before 1.10 that they do not go with, as npm's
 * `legacy-peer-deps` and `--force` install them; and the command that helps. Empty if all go together.
 */
export function misfits(names: readonly string[], peers: Peers): string {
  const api = peers.version('@opentelemetry/api')
  if (api === undefined || isAtLeast(api, 1, 10)) return ''
  const newer = names.filter((name) => {
    const [major = 0, minor = Number.POSITIVE_INFINITY] = (secondLine[name]?.slice(1) ?? '').split('.').map(Number)
    return secondLine[name] !== undefined && isAtLeast(peers.version(name) ?? '0.0', major, minor + 1)
  })
  if (newer.length === 0) return ''
  const found = newer.map((name) => `${name} ${peers.version(name)}`).join(', ')
  const wanted = newer.map((name) => name + secondLine[name]).join(' ')
  return `. ${found}: does not go with @opentelemetry/api ${api}. Run: ${add()} ${wanted}`
}

/** All packages of OpenTelemetry that have two lines. */
export const twoLined: readonly string[] = Object.keys(secondLine).filter((name) => name !== '@opentelemetry/api')

function add(): string {
  return process.versions['pnp'] ? 'yarn add' : 'npm i'
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** Not every package lets its package.json be required. */
function versionAbove(folder: string, name: string): string | undefined {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    try {
      const manifest = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as { name?: string; version?: string }
      if (manifest.name === name) return manifest.version
    } catch {
      // Further up.
    }
  }
  return undefined
}
