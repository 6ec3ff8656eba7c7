import { sayOnce } from '@coalmine/marks'

/** A callback per method, called with each result. */
export type Observers<T> = {
  readonly [Name in keyof T]?: T[Name] extends (...args: infer Args) => infer Result
    ? (result: Awaited<Result>, args: Args) => void
    : never
}

/** A function per method that replaces its result, such as with an observed version of it. */
type Wrappers<T> = {
  readonly [Name in keyof T]?: T[Name] extends (...args: never[]) => infer Result
    ? (result: Awaited<Result>) => Awaited<Result>
    : never
}

/**
 * Wraps the client of an SDK that has no hooks: each named method's observer is called with its result, or with the value of
 * its promise. An error in an observer is reported once, and the caller still gets the result.
 *
 * `instead` replaces methods of the client whose results alone are not enough.
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

// Methods run on the client itself, not on the proxy: only it has the private and native fields, and the client's calls to
// itself are not the application's evaluations. If a method returns the client, as `on` does, the result stays observed.
function replace(client: object, method: Method, see: See | undefined, proxy: () => object): Method {
  return (...args) => {
    const result = Reflect.apply(method, client, args)
    if (result === client) return proxy()
    if (!see) return result
    return result instanceof Promise ? result.then((kept) => see(kept, args)) : see(result, args)
  }
}
