import { sayOnce } from '@coalmine/marks'

/** What to do with the result of each method. What it returns, if anything, the caller gets instead. */
export type Observers<T> = {
  readonly [Name in keyof T]?: T[Name] extends (...args: infer Args) => infer Result
    ? (result: Awaited<Result>, args: Args) => unknown
    : never
}

/**
 * The same client, for an SDK that has no hook: after each of the named methods its observer sees the result, once a
 * promise is kept. An observer that throws is reported once, and the caller gets the result as it was.
 *
 * @example observed(client, { isEnabled: (value, [key]) => recordEvaluation({ key, value }) })
 */
export function observed<T extends object>(client: T, observers: Observers<T>): T {
  const methods = new Map<PropertyKey, Method>()
  const proxy = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const known = methods.get(name)
      if (known?.original === value) return known.replacement
      const replacement = replace(client, value, observers[name as keyof T] as Observer | undefined, () => proxy)
      methods.set(name, { original: value, replacement })
      return replacement
    },
  })
  return proxy
}

interface Method {
  readonly original: unknown
  readonly replacement: unknown
}

type Observer = (result: unknown, args: unknown[]) => unknown

// Methods run on the client itself, not on the proxy: private and native fields are found on nothing else, and what a
// client calls on itself is not the application's evaluation. A client that returns itself, as `on` does, stays observed.
function replace(client: object, original: unknown, observe: Observer | undefined, proxy: () => object): unknown {
  const method = original as (...args: unknown[]) => unknown
  if (method === client.constructor) return method
  const see = (result: unknown, args: unknown[]): unknown => {
    try {
      return observe?.(result, args) ?? result
    } catch (error) {
      sayOnce('an evaluation of a flag was not recorded', error)
      return result
    }
  }
  return (...args: unknown[]): unknown => {
    const result = Reflect.apply(method, client, args)
    if (result === client) return proxy()
    if (!observe) return result
    return result instanceof Promise ? result.then((kept) => see(kept, args)) : see(result, args)
  }
}
