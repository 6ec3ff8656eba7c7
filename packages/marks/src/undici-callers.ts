import { AsyncLocalStorage } from 'node:async_hooks'

/** The base class of all dispatchers in one copy of undici. */
interface Dispatching {
  dispatch(options: unknown, handler: object): boolean
}

type RunAsCaller = <T>(run: () => T) => T

const globalDispatcher = Symbol.for('undici.globalDispatcher.1')
const kept = Symbol.for('coalmine.undici.callers')
const callers = new WeakMap<object, RunAsCaller>()

/**
 * Makes each undici and fetch request start in its caller's context. A pool with a connection limit queues requests, and
 * starts each in the context of the request that freed a connection, so a user's request could leave with a test's marks.
 * Patches the copy of undici that owns the global dispatcher, once.
 *
 * @example keepCallersOfUndici() // fetch from a tester's request has its marker, however long it waits in the pool
 */
export function keepCallersOfUndici(): void {
  const base = dispatchingBase((globalThis as { [globalDispatcher]?: object })[globalDispatcher])
  if (!base || Object.hasOwn(base, kept)) return
  const { dispatch } = base
  base[kept] = true
  base.dispatch = function (this: Dispatching, options, handler) {
    if (typeof handler !== 'object' || handler === null) return dispatch.call(this, options, handler)
    const caller = callers.get(handler)
    if (caller) return caller(() => dispatch.call(this, options, handler))
    callers.set(handler, AsyncLocalStorage.snapshot())
    return dispatch.call(this, options, handler)
  }
}

/** The prototype whose `dispatch` all pools inherit. Only the abstract one, which throws, is above it. */
function dispatchingBase(dispatcher: object | undefined): (Dispatching & { [kept]?: boolean }) | undefined {
  const dispatching: object[] = []
  for (let one = dispatcher; one; one = Object.getPrototypeOf(one)) {
    if (Object.hasOwn(one, 'dispatch')) dispatching.push(one)
  }
  return (dispatching.at(-2) ?? dispatching.at(-1)) as Dispatching | undefined
}
