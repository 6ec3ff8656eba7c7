import { AsyncLocalStorage } from 'node:async_hooks'
import { checkKnown } from './known-flags.ts'

/** A value that a test can give a flag. */
export type FlagValue = boolean | string | number | object

/** Flags with the values that a test gives them. */
export type Flags = Readonly<Record<string, FlagValue>>

/**
 * Runs part of a test with flags set. They apply only to what `run` calls, awaits or starts, so concurrent tests do not see
 * them. In nested calls the inner value wins. All other flags keep their real values. Returns what `run` returns. Throws what
 * `run` throws, and an error if a flag is unknown or the code under test asked for it as another type.
 *
 * @example await withFlags({ 'free-shipping': true }, () => shippingCost(cart)) // 0
 */
export function withFlags<T>(flags: Flags, run: () => T): T {
  checkKnown(Object.keys(flags))
  const scope: Scope = { flags: { ...scopes.getStore()?.flags, ...flags }, misuses: [] }
  let result: T
  try {
    result = scopes.run(scope, run)
  } catch (error) {
    throw blamed(scope, error)
  }
  if (!(result instanceof Promise)) return checked(scope, result)
  return result.then(
    (value) => checked(scope, value),
    (error) => {
      throw blamed(scope, error)
    },
  ) as T
}

/**
 * Returns the value that the current test gives a flag.
 *
 * @example withFlags({ colour: 'red' }, () => currentFlag('colour')) // 'red'
 */
export function currentFlag(key: string): FlagValue | undefined {
  const flags = scopes.getStore()?.flags
  return flags && Object.hasOwn(flags, key) ? flags[key] : undefined
}

/**
 * Makes the current test fail at its end, for an error that the code under test may swallow.
 *
 * @example reportMisuse('the test sets the flag "colour" to a number, and the code asks for a string') // withFlags throws it at its end
 */
export function reportMisuse(message: string): void {
  scopes.getStore()?.misuses.push(message)
}

interface Scope {
  readonly flags: Flags
  readonly misuses: string[]
}

const scopes = new AsyncLocalStorage<Scope>()

function checked<T>(scope: Scope, result: T): T {
  if (scope.misuses.length > 0) throw blamed(scope, undefined)
  return result
}

/** Reports the misuse instead of the test's own error, which is a consequence of it. */
function blamed({ misuses }: Scope, cause: unknown): unknown {
  return misuses.length > 0 ? new TypeError([...new Set(misuses)].join('\n'), { cause }) : cause
}
