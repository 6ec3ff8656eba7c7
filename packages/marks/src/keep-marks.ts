import { types } from 'node:util'
import { ROOT_CONTEXT } from '@opentelemetry/api'
import { sayOutlived } from './outlived.ts'
import { started } from './thenable.ts'
import { currentWork, newWork, outside, runInWork } from './work.ts'

/**
 * Runs work that belongs to the current request but may outlast it, such as sending a mail after the response. The work keeps the
 * request's marks until its promise settles or, if it returns none, for everything that it starts. Call it before the
 * request ends; afterwards there are no marks to keep.
 *
 * @returns what `run` returns; if that is a query, such as Prisma's, its promise
 * @example void keepMarks(() => sendMail(order)); res.end() // isTestTraffic() answers in sendMail as it does here
 */
export function keepMarks<T>(run: () => T): T {
  const current = currentWork()
  if (current?.over) sayOutlived(current, keepMarks)
  if (!current || current.over) return run()
  const kept = newWork(current.marks)
  const result = runInWork(kept, () => started(run()))
  if (!types.isPromise(result)) return result
  // Returned to the caller, because `finally` marks the first promise's rejection as handled.
  return result.finally(() => {
    kept.over = true
  }) as T
}

/**
 * Runs work that belongs to no request, although a request may be the first to need it: the connections of a pool, the loop of
 * a queue, a timer, a cache. The work, and everything that it starts, has no marks, no trace and no baggage.
 *
 * @returns what `run` returns
 * @example loop ??= withoutMarks(() => setInterval(takeJob, 5)) // isTestTraffic() is false in takeJob
 */
export function withoutMarks<T>(run: () => T): T {
  return runInWork(outside, run, ROOT_CONTEXT)
}
