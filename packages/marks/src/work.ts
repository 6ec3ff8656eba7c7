import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context, createContextKey, type Span, type SpanKind, trace } from '@opentelemetry/api'
import type { Log } from './log.ts'
import { type Marks, newMarks } from './marks.ts'
import { workContext } from './work-context.ts'

/**
 * Work that is done for one request: the request itself, a job, or what `keepMarks` runs. It ends, and what still runs
 * in its context after that is nobody's, since a loop or a connection that began there serves others by then.
 */
export interface Work {
  readonly marks: Marks
  /** True once it has ended. */
  over: boolean
  /** True when it ends with a response, whatever its spans do. */
  hasResponse: boolean
  /** The span with which it ends, where there is no response. */
  root: { readonly kind: SpanKind } | undefined
  /** The work that was over where this one's first span began. */
  readonly after: Work | undefined
  /** True for what runs outside of every request on purpose. */
  readonly isOutside: boolean
}

/**
 * Work with these Marks.
 *
 * @example newWork(newMarks()).over // false
 */
export function newWork(marks: Marks, after?: Work): Work {
  return { marks, over: false, hasResponse: false, root: undefined, after, isOutside: false }
}

/** What runs outside of every request on purpose. */
export const outside: Work = {
  marks: newMarks(),
  over: true,
  hasResponse: false,
  root: undefined,
  after: undefined,
  isOutside: true,
}

/**
 * The work that this code is a part of, whether or not it is over: a Context's or, failing that, that of its span or,
 * failing that, that of the request that this code runs in.
 *
 * @example currentWork()?.over // undefined outside of any request
 */
export function currentWork(active: Context = context.active()): Work | undefined {
  return workOfContext(active) ?? requests.getStore()
}

/**
 * The work of a Context or, failing that, of its span. A span that began after its Context's work was over has its own.
 *
 * @example workOfContext(context.active())?.marks.test // true
 */
export function workOfContext(active: Context): Work | undefined {
  const inContext = workIn(active)
  if (inContext && !inContext.over) return inContext
  const ofSpan = workOf(trace.getSpan(active))
  return inContext === undefined || ofSpan?.after === inContext ? ofSpan : inContext
}

/**
 * The work that a Context itself holds.
 *
 * @example workIn(contextWithWork(context.active(), work)) // work
 */
export function workIn(active: Context): Work | undefined {
  return active.getValue(contextKey) as Work | undefined
}

/**
 * The same Context, holding this work.
 *
 * @example context.with(contextWithWork(context.active(), work), () => isTestTraffic()) // work.marks.test
 */
export function contextWithWork(active: Context, work: Work): Context {
  return workContext(contextKey, work, active)
}

/**
 * Runs `next` as a part of this work, whether or not an SDK registered a context manager.
 *
 * @example runInWork(work, () => isTestTraffic()) // work.marks.test
 */
export function runInWork<T>(work: Work, next: () => T, active: Context = context.active()): T {
  return requests.run(work, () => context.with(contextWithWork(active, work), next))
}

/**
 * The work that a span was started in.
 *
 * @example workOf(trace.getActiveSpan()) // undefined where no MarkProcessor started it
 */
export function workOf(span: Partial<Linked> | Span | undefined): Work | undefined {
  return (span as Partial<Linked> | undefined)?.[spanWork]
}

/** A span that carries its work, and how much of its marks it already has as attributes. */
export interface Linked {
  [spanWork]: Work
  [spanRead]: Log
}

// A symbol property on the span: a WeakMap costs 150 to 430 ns a span. The names are global, so that two copies
// of this package in one process share what they know.

/** The span's property that has its work. */
export const spanWork: unique symbol = Symbol.for('coalmine.work') as never

/** The span's property that has the log whose marks it has as attributes. */
export const spanRead: unique symbol = Symbol.for('coalmine.marks.read') as never

const contextKey = createContextKey('coalmine.work')
const storage = Symbol.for('coalmine.requests')

// The Context alone is not enough: without an SDK nothing carries it, and an instrumentation may run a handler in a
// Context that it kept from before the Marks were put there.
const shared = globalThis as { [storage]?: AsyncLocalStorage<Work> }
shared[storage] ??= new AsyncLocalStorage<Work>()
const requests: AsyncLocalStorage<Work> = shared[storage]
