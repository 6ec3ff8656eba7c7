import { sayOnce } from './say-once.ts'
import type { Work } from './work.ts'

const advice =
  "it gets no request's marks. Start loops, timers and connections in withoutMarks(); for work of the request, use keepMarks()"
const said = new Set<string>()

/**
 * Warns, once per function, that it was called by work that outlived its request, and from where.
 *
 * @example sayOutlived(work, isTestTraffic) // diag.warn('coalmine: isTestTraffic() was called after its request had ended: ...')
 */
export function sayOutlived({ isOutside }: Work, caller: (...args: never[]) => unknown): void {
  if (isOutside || said.has(caller.name)) return
  said.add(caller.name)
  const place = { stack: '' }
  Error.captureStackTrace(place, caller)
  const line = place.stack.split('\n')[1]?.trim() ?? 'an unknown place'
  sayOnce(`${caller.name}() was called after its request had ended, so ${advice}`, line)
}

/**
 * Warns once that work that outlived its own request sent another one, which therefore has no marks.
 *
 * @example sayOutlivedCall(work, 'inventory:8080') // diag.warn('coalmine: a request was sent after its own had ended: ...')
 */
export function sayOutlivedCall({ isOutside }: Work, host: string): void {
  if (isOutside || said.has('a call')) return
  said.add('a call')
  sayOnce(`an outgoing request was sent after the request that started it had ended, so ${advice}`, host)
}

/**
 * Warns once that a span began in work that outlived its request.
 *
 * @example sayOutlivedSpan(work, 'GET') // diag.warn('coalmine: a span began after its request had ended: ...')
 */
export function sayOutlivedSpan({ isOutside }: Work, name: string): void {
  if (isOutside || said.has('a span')) return
  said.add('a span')
  sayOnce(`a span began after its request had ended, so ${advice}`, name)
}
