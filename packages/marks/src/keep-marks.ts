import { types } from 'node:util'
import { ROOT_CONTEXT } from '@opentelemetry/api'
import { sayOutlived } from './outlived.ts'
import { currentWork, newWork, outside, runInWork } from './work.ts'

/**
 * Runs what belongs to the current request and may outlast it, such as a mail that is sent after the response: it keeps
 * the request's marks until its promise is settled or, where it returns none, for all that it starts. Once the request
 * has ended there is nothing left to keep: call it before.
 *
 * @returns what `run` returns
 * @example void keepMarks(() => sendMail(order)); res.end() // isTestTraffic() answers in sendMail as it does here
 */
export function keepMarks<T>(run: () => T): T {
  const current = currentWork()
  if (current?.over) sayOutlived(current, keepMarks)
  if (!current || current.over) return run()
  const kept = newWork(current.marks)
  const result = runInWork(kept, run)
  if (!types.isPromise(result)) return result
  // Given on, since the rejection of the first promise counts as handled from here on.
  return result.finally(() => {
    kept.over = true
  }) as T
}

/**
 * Runs what belongs to no request, although one may be the first to need it: a pool's connections, a queue's loop, a
 * timer, a cache. It has no marks, no trace and no baggage, and neither has what it starts.
 *
 * @returns what `run` returns
 * @example loop ??= withoutMarks(() => setInterval(takeJob, 5)) // isTestTraffic() is false in takeJob
 */
export function withoutMarks<T>(run: () => T): T {
  return runInWork(outside, run, ROOT_CONTEXT)
}
