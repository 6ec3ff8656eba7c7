import { EventEmitter } from 'node:events'
import type { Work } from './work.ts'

/** A response, or the socket that a request took over: what closes when a request is through. */
export interface Closing {
  readonly destroyed?: boolean
  emit(event: string, ...args: unknown[]): boolean
}

/**
 * Ends a request's work when its response is closed: sent, or given up by the client. What listens for that, such as an
 * access log, is still a part of the request.
 *
 * @example endWithResponse(work, res) // work.over is true after res.end()
 */
export function endWithResponse(work: Work, response: Closing): void {
  if (work.hasResponse) return
  work.hasResponse = true
  work.root = undefined
  // Not its own `on`, which an instrumentation may have replaced with one that binds each listener to a Context.
  if (!response.destroyed)
    EventEmitter.prototype.on.call(response as unknown as EventEmitter, 'close', () => endSoon(work))
  else endSoon(work)
}

/**
 * Ends work once the code that runs now has returned.
 *
 * @example endSoon(work) // work.over is true in the next microtask
 */
export function endSoon(work: Work): void {
  // Not queueMicrotask, which makes an async resource each time.
  void settled.then(() => {
    work.over = true
    work.root = undefined
  })
}

const settled = Promise.resolve()
