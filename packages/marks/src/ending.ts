import { EventEmitter } from 'node:events'
import type { Work } from './work.ts'

/** A response, or the socket that a request took over: what closes when a request is through. */
export interface Closing {
  readonly destroyed?: boolean
  /** False as long as the application has not ended it. */
  readonly writableEnded?: boolean
  emit(event: string, ...args: unknown[]): boolean
}

/** How long code may go on that answers a client which has gone, where it does not end its response. */
const abandonedMs = 30_000

/**
 * Ends a request's work when its response is closed. What listens for that, such as an access log, is still a part of
 * the request. Where the client gave up, the application's code does not know and goes on: its work ends when it ends
 * the response nevertheless, or else half a minute later.
 *
 * @example endWithResponse(work, res) // work.over is true after res.end()
 */
export function endWithResponse(work: Work, response: Closing): void {
  if (work.hasResponse) return
  work.hasResponse = true
  work.root = undefined
  // Not its own `on`, which an instrumentation may have replaced with one that binds each listener to a Context.
  if (!response.destroyed)
    EventEmitter.prototype.on.call(response as unknown as EventEmitter, 'close', () => onClosed(work, response))
  else onClosed(work, response)
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

function onClosed(work: Work, response: Closing & { end?(...args: unknown[]): unknown }): void {
  const { end } = response
  if (response.writableEnded !== false || typeof end !== 'function') {
    endSoon(work)
    return
  }
  const timer = setTimeout(() => endSoon(work), abandonedMs).unref()
  // A response that was closed before emits nothing when it is ended.
  response.end = function (this: unknown, ...args) {
    clearTimeout(timer)
    endSoon(work)
    return Reflect.apply(end, this, args)
  }
}
