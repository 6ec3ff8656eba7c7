import type { ErrorCode, JsonValue, Provider, ResolutionDetails } from '@openfeature/server-sdk'
import { addKnownFlags, type KnownFlags } from './known-flags.ts'
import { currentFlag, reportMisuse } from './with-flags.ts'

/**
 * Wraps an OpenFeature provider so that flags set by the current test have that value. Hooks, contexts and events are
 * unchanged. `flags` lists the known flags, as keys or as the provider's own configuration.
 *
 * @example await OpenFeature.setProviderAndWait(flagProvider(new InMemoryProvider(flags), flags))
 */
export function flagProvider<T extends Provider>(real: T, flags: KnownFlags): T {
  addKnownFlags(flags)
  const resolvers: Resolvers = {
    resolveBooleanEvaluation: (key, ...rest) =>
      overridden(key, 'boolean', rest[0]) ?? real.resolveBooleanEvaluation(key, ...rest),
    resolveStringEvaluation: (key, ...rest) =>
      overridden(key, 'string', rest[0]) ?? real.resolveStringEvaluation(key, ...rest),
    resolveNumberEvaluation: (key, ...rest) =>
      overridden(key, 'number', rest[0]) ?? real.resolveNumberEvaluation(key, ...rest),
    resolveObjectEvaluation: <V extends JsonValue>(key: string, ...rest: Rest<V>) =>
      overridden(key, 'object', rest[0]) ?? real.resolveObjectEvaluation(key, ...rest),
  }
  return new Proxy(real, {
    get(target, name) {
      if (Object.hasOwn(resolvers, name)) return resolvers[name as keyof Resolvers]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value
    },
  })
}

type Resolvers = Pick<
  Provider,
  'resolveBooleanEvaluation' | 'resolveStringEvaluation' | 'resolveNumberEvaluation' | 'resolveObjectEvaluation'
>
type Rest<V extends JsonValue> =
  Parameters<Provider['resolveObjectEvaluation']> extends [string, unknown, ...infer More] ? [V, ...More] : never

/** Checks the type: OpenFeature serves the default on a mismatch, so a test would pass or fail for the wrong reason. */
function overridden<V>(key: string, type: string, defaultValue: V): Promise<ResolutionDetails<V>> | undefined {
  const value = currentFlag(key)
  if (value === undefined) return undefined
  if (typeof value === type) return Promise.resolve({ value: value as V, reason: 'STATIC' })
  const errorMessage = `the test sets the flag "${key}" to a ${typeof value}, but the code asks for a ${type}`
  reportMisuse(errorMessage)
  return Promise.resolve({ value: defaultValue, errorCode: 'TYPE_MISMATCH' as ErrorCode, errorMessage })
}
