import { recordEvaluation } from '../record.ts'
import { addKnownFlags, checkKnown, type KnownFlags } from './known-flags.ts'
import { currentFlag } from './with-flags.ts'

/**
 * Wraps an application's own flag function: flags that the current test sets have that value, all others their real one.
 * `flags` lists the known flags; asking for another is an error. An `async` function also returns a promise for flags that
 * are set; any other function returns the value itself.
 *
 * @example const flag = flagFunction(realFlag, ['free-shipping', 'dark-mode'])
 */
export function flagFunction<Args extends readonly unknown[], Result>(
  real: (key: string, ...args: Args) => Result,
  flags: KnownFlags,
): (key: string, ...args: Args) => Result {
  addKnownFlags(flags)
  return (key, ...args) => {
    checkKnown([key])
    const value = currentFlag(key)
    if (value === undefined) return real(key, ...args)
    recordEvaluation({ key, value, reason: 'static', provider: 'flags/testing' })
    return (isAsync(real) ? Promise.resolve(value) : value) as Result
  }
}

function isAsync(real: unknown): boolean {
  return real instanceof asyncFunction
}

const asyncFunction = (async () => {}).constructor as FunctionConstructor
