import * as nodeModule from 'node:module'

const api = '@opentelemetry/api'
const standIn = new URL('./stand-in.js', import.meta.url).href

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean
}

interface Importer {
  readonly parentURL?: string | undefined
}

type Next<Result> = (specifier: string, importer: Importer) => Result

/** Why the packages of Coalmine that an application uses do not find the API. Undefined is "they do". */
export function whyNoApi(): unknown {
  const require = nodeModule.createRequire(import.meta.url)
  try {
    nodeModule.createRequire(require.resolve('@coalmine/marks')).resolve(api)
    return undefined
  } catch (error) {
    return error
  }
}

/**
 * Lets Coalmine's packages load without the API, which they import: an application that imports them would otherwise not start.
 */
export function loadWithoutApi(): void {
  const { registerHooks } = nodeModule as { registerHooks?(hooks: object): unknown }
  // Before Node 22.15 there are no hooks in the thread itself.
  if (registerHooks) registerHooks({ resolve })
  else nodeModule.register(import.meta.url)
}

/** The hook, of both kinds: Node calls it for each import. */
export function resolve<Result>(specifier: string, importer: Importer, next: Next<Result>): Result | Resolved {
  const isOurs = specifier === api && /[\\/]@coalmine[\\/]/.test(importer.parentURL ?? '')
  return isOurs ? { url: standIn, shortCircuit: true } : next(specifier, importer)
}
