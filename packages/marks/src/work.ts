import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context, createContextKey, type Span, type SpanKind, trace } from '@opentelemetry/api'
import type { Log } from './log.ts'
import { type Marks, newMarks } from './marks.ts'
import { workContext } from './work-context.ts'

/**
 * Work done for one request: the request itself, a job, or a `keepMarks` call. Once it has ended, code that still runs in
 * its context belongs to nobody, since a loop or connection that began there may serve others by then.
 */
export interface Work {
  readonly marks: Marks
  /** True once it has ended. */
  over: boolean
  /** True if it ends with a response, whatever its spans do. */
  hasResponse: boolean
  /** The span that it ends with if there is no response. */
  root: { readonly kind: SpanKind } | undefined
  /** The ended work in whose context this one's first span began. */
  readonly after: Work | undefined
  /** True for work deliberately run outside every request. */
  readonly isOutside: boolean
}

/**
 * Creates work with these Marks.
 *
 * @example newWork(newMarks()).over // false
 */
export function newWork(marks: Marks, after?: Work): Work {
  return { marks, over: false, hasResponse: false, root: undefined, after, isOutside: false }
}

/** The work of code deliberately run outside every request. */
export const outside: Work = {
  marks: newMarks(),
  over: true,
  hasResponse: false,
  root: undefined,
  after: undefined,
  isOutside: true,
}

/**
 * Returns the work that the calling code belongs to, whether or not it has ended: that of the Context, else of its span,
 * else of the request that the code runs in.
 *
 * @example currentWork()?.over // undefined outside of any request
 */
export function currentWork(active: Context = context.active()): Work | undefined {
  return workOfContext(active) ?? requests.getStore()
}

/**
 * Returns the work of a Context, else of its span. A span that began after its Context's work had ended has its own.
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
 * Returns the work stored in the Context itself.
 *
 * @example workIn(contextWithWork(context.active(), work)) // work
 */
export function workIn(active: Context): Work | undefined {
  return active.getValue(contextKey) as Work | undefined
}

/**
 * Returns the Context with this work.
 *
 * @example context.with(contextWithWork(context.active(), work), () => isTestTraffic()) // work.marks.test
 */
export function contextWithWork(active: Context, work: Work): Context {
  return workContext(contextKey, work, active)
}

/**
 * Runs `next` as part of this work, whether or not an SDK has registered a context manager.
 *
 * @example runInWork(work, () => isTestTraffic()) // work.marks.test
 */
export function runInWork<T>(work: Work, next: () => T, active: Context = context.active()): T {
  return requests.run(work, () => context.with(contextWithWork(active, work), next))
}

/**
 * Returns the work that a span was started in.
 *
 * @example workOf(trace.getActiveSpan()) // undefined where no MarkProcessor started it
 */
export function workOf(span: Partial<Linked> | Span | undefined): Work | undefined {
  return (span as Partial<Linked> | undefined)?.[spanWork]
}

/** A span linked to its work, with the log of the marks already written as attributes. */
export interface Linked {
  [spanWork]: Work
  [spanRead]: Log
}

// A symbol property on the span, because a WeakMap costs 150 to 430 ns per span. The symbols are global, so that two copies
// of this package in one process share state.

/** The span property that holds its work. */
export const spanWork: unique symbol = Symbol.for('coalmine.work') as never

/** The span property that holds the log of the marks already written as attributes. */
export const spanRead: unique symbol = Symbol.for('coalmine.marks.read') as never

const contextKey = createContextKey('coalmine.work')
const storage = Symbol.for('coalmine.requests')

// The Context alone is not enough: without an SDK nothing propagates it, and an instrumentation may run a handler in a
// Context that it captured before the Marks were added.
const shared = globalThis as { [storage]?: AsyncLocalStorage<Work> }
shared[storage] ??= new AsyncLocalStorage<Work>()
const requests: AsyncLocalStorage<Work> = shared[storage]
