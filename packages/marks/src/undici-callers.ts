import { AsyncLocalStorage } from 'node:async_hooks'

/** What all dispatchers of one copy of undici inherit. */
interface Dispatching {
  dispatch(options: unknown, handler: object): boolean
}

type RunAsCaller = <T>(run: () => T) => T

const globalDispatcher = Symbol.for('undici.globalDispatcher.1')
const kept = Symbol.for('coalmine.undici.callers')
const callers = new WeakMap<object, RunAsCaller>()

/**
 * Has each request of undici, and of fetch, begin in its caller's context. A pool with a limit of connections lets
 * requests wait, and begins each in the context of the one that made room: with that one's marks, and a user's request
 * would leave as a test's. It sees to the copy of undici that has the global dispatcher; a second call for the same does
 * nothing.
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

/** The prototype whose `dispatch` all kinds of pools inherit: above it there is but the abstract one, which throws. */
function dispatchingBase(dispatcher: object | undefined): (Dispatching & { [kept]?: boolean }) | undefined {
  const dispatching: object[] = []
  for (let one = dispatcher; one; one = Object.getPrototypeOf(one)) {
    if (Object.hasOwn(one, 'dispatch')) dispatching.push(one)
  }
  return (dispatching.at(-2) ?? dispatching.at(-1)) as Dispatching | undefined
}
