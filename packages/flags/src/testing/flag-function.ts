import { recordEvaluation } from '../record.ts'
import { addKnownFlags, checkKnown, type KnownFlags } from './known-flags.ts'
import { currentFlag } from './with-flags.ts'

/**
 * The same flag function, for an application with one of its own: a flag that the current test sets has that value,
 * and every other its real one. `flags` names the flags there are; asking for another is an error. An `async`
 * function gives a promise for a flag that is set, too; of any other function the value itself is given.
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
