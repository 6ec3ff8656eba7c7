import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Finds packages: ours first, then the application's, which need not be the same where packages are linked. */
export interface Peers {
  /** The file that a package's name stands for. Undefined is "not installed". */
  resolve(name: string): string | undefined
  /** The package. Undefined is "not installed"; a broken one throws. */
  load<T>(name: string): T | undefined
}

/** Finds the packages for an application that runs in `cwd`. */
export function findPeers(cwd: string): Peers {
  const requires = [createRequire(import.meta.url), createRequire(join(cwd, 'package.json'))]
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
  }
}

/** Loads what must be there: otherwise the error names everything that is missing, and how to install it. */
export function loadAll<T extends object>(peers: Peers, names: { readonly [K in keyof T]: string }): T {
  const entries = Object.entries<string>(names).map(([field, name]) => [field, peers.load(name), name] as const)
  const missing = entries.flatMap(([, loaded, name]) => (loaded === undefined ? [name] : []))
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(', ')}. Run: npm i ${missing.join(' ')}`)
  return Object.fromEntries(entries) as T
}
