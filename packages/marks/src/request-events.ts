import { runInWork, type Work } from './work.ts'

/** What emits: a request, a response, a socket. */
interface Emitter {
  emit?(event: string, ...args: unknown[]): boolean
}

/**
 * Has everything that listens to an emitter run as a part of this work. Node calls the listeners of a request's body
 * outside of the request: in the context of its connection.
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
