import { sayOnce } from '@coalmine/marks'

/** What to do with the result of each method. */
export type Observers<T> = {
  readonly [Name in keyof T]?: T[Name] extends (...args: infer Args) => infer Result
    ? (result: Awaited<Result>, args: Args) => void
    : never
}

/** What to give the caller instead of each method's result: the same, observed in its turn. */
type Wrappers<T> = {
  readonly [Name in keyof T]?: T[Name] extends (...args: never[]) => infer Result
    ? (result: Awaited<Result>) => Awaited<Result>
    : never
}

/**
 * The same client, for an SDK that has no hook: after each of the named methods its observer sees the result, once a
 * promise is kept. What an observer throws is reported once, and the caller gets the result all the same.
 *
 * `instead` are methods that take the place of the client's, where its results alone do not tell.
 *
 * @example observed(client, { isEnabled: (value, [key]) => recordEvaluation({ key, value }) })
 */
export function observed<T extends object>(
  client: T,
  observers: Observers<T>,
  wrappers: Wrappers<T> = {},
  instead: Partial<T> = {},
): T {
  const methods = new Map<PropertyKey, { readonly original: unknown; readonly replacement: unknown }>()
  const proxy = new Proxy(client, {
    get(target, name) {
      const original: unknown = Object.hasOwn(instead, name)
        ? instead[name as keyof T]
        : Reflect.get(target, name, target)
      if (typeof original !== 'function' || name === 'constructor') return original
      const known = methods.get(name)
      if (known?.original === original) return known.replacement
      const see = seeing(observers[name as keyof T] as Observer, wrappers[name as keyof T] as Wrapper)
      const replacement = replace(client, original as Method, see, () => proxy)
      methods.set(name, { original, replacement })
      return replacement
    },
  })
  return proxy
}

type Method = (...args: unknown[]) => unknown
type Observer = ((result: unknown, args: unknown[]) => void) | undefined
type Wrapper = ((result: unknown) => unknown) | undefined
type See = (result: unknown, args: unknown[]) => unknown

function seeing(observe: Observer, wrap: Wrapper): See | undefined {
  if (!observe && !wrap) return undefined
  return (result, args) => {
    try {
      observe?.(result, args)
      return wrap ? wrap(result) : result
    } catch (error) {
      sayOnce('a flag evaluation could not be recorded', error)
      return result
    }
  }
}

// Methods run on the client itself, not on the proxy: private and native fields are found on nothing else, and what a
// client calls on itself is not the application's evaluation. A client that returns itself, as `on` does, stays observed.
function replace(client: object, method: Method, see: See | undefined, proxy: () => object): Method {
  return (...args) => {
    const result = Reflect.apply(method, client, args)
    if (result === client) return proxy()
    if (!see) return result
    return result instanceof Promise ? result.then((kept) => see(kept, args)) : see(result, args)
  }
}
