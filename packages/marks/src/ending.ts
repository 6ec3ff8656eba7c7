import { EventEmitter } from 'node:events'
import type { Work } from './work.ts'

/** What closes when a request is done: its response, or the socket that it took over. */
export interface Closing {
  readonly destroyed?: boolean
  /** False until the application ends it. */
  readonly writableEnded?: boolean
  emit(event: string, ...args: unknown[]): boolean
}

/** How long a handler may continue after its client has disconnected if it does not end the response. */
const abandonedMs = 30_000

/**
 * Ends a request's work when its response closes. Listeners to that event, such as an access log, are still part of the
 * request. If the client disconnects first, the application carries on without knowing: the work then ends when it ends the
 * response, or 30 s later at most.
 *
 * @param closes false if the response may only finish, never close, because it belongs to no server
 * @example endWithResponse(work, res) // work.over is true after res.end()
 */
export function endWithResponse(work: Work, response: Closing, closes = true): void {
  if (work.hasResponse) return
  work.hasResponse = true
  work.root = undefined
  // In the next turn, as a server's response closes after its other listeners to `finish` have run.
  if (!closes)
    EventEmitter.prototype.on.call(response as unknown as EventEmitter, 'finish', () => {
      setImmediate(() => endSoon(work))
    })
  // Not response.on, which an instrumentation may have patched to bind each listener to a Context.
  if (!response.destroyed)
    EventEmitter.prototype.on.call(response as unknown as EventEmitter, 'close', () => onClosed(work, response))
  else onClosed(work, response)
}

/**
 * Ends work once the currently running code has returned.
 *
 * @example endSoon(work) // work.over is true in the next microtask
 */
export function endSoon(work: Work): void {
  // Not queueMicrotask, which creates an async resource each time.
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
  // A response that has already closed emits nothing when it is ended.
  response.end = function (this: unknown, ...args) {
    clearTimeout(timer)
    endSoon(work)
    return Reflect.apply(end, this, args)
  }
}
