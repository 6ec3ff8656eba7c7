import { runInWork, type Work } from './work.ts'

/** A request, response or socket. */
interface Emitter {
  emit?(event: string, ...args: unknown[]): boolean
}

/**
 * Runs all listeners of an emitter as part of this work. Node calls the listeners of a request's body outside the request,
 * in the context of its connection.
 *
 * @example runEventsIn(req, work) // req.on('data', () => isTestTraffic()) answers as the handler does
 */
export function runEventsIn(emitter: Emitter, work: Work): void {
  const { emit } = emitter
  if (typeof emit !== 'function') return
  emitter.emit = function (this: Emitter, ...args) {
    return runInWork(work, () => Reflect.apply(emit, this, args))
  }
}
