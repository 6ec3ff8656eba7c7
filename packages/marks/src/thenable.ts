import { types } from 'node:util'

/**
 * Turns a thenable that is not a promise into one, and so starts it: queries of Prisma, knex and mongoose run only when
 * somebody calls `then`, which would be in the context of whoever awaits them. Everything else is returned as it is.
 *
 * @example started(prisma.order.create({ data })) // a promise; the query runs in the current context
 */
export function started<T>(result: T): T {
  if (types.isPromise(result) || !isThenable(result)) return result
  return new Promise((resolve, reject) => result.then(resolve, reject)) as T
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject && typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
}
