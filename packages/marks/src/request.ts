import { type Context, context, SpanKind } from '@opentelemetry/api'
import { type Closing, endWithResponse } from './ending.ts'
import { type Marks, newMarks, setTest, type TestEntity } from './marks.ts'
import { receiveMarks } from './receive.ts'
import { runEventsIn } from './request-events.ts'
import { sayOnce } from './say-once.ts'
import type { MarkerTrust } from './signature.ts'
import { stripBaggage } from './strip-baggage.ts'
import { currentWork, newWork, runInWork, type Work, workIn, workOfContext } from './work.ts'

/** Options shared by the middleware of every framework: which requests are tests, and which callers to trust. */
export interface RequestOptions<Request> {
  /** Returns whether a request is test traffic, or its test entity. The answer is trusted, so it must be certain. */
  readonly testTraffic?: (request: Request) => boolean | TestEntity | undefined
  /** Whether to believe the marks in a request's baggage, for example if the caller is inside your own network. */
  readonly trust?: (request: Request) => boolean
  /** Which signed test markers to believe, whoever sends them: the keys, and this service's audience. */
  readonly markers?: MarkerTrust
}

/** Node's request object, which every framework wraps; or, without headers, any object that represents the request. */
export interface RawRequest {
  readonly headers?: { readonly [name: string]: string | readonly string[] | undefined }
  emit?(event: string, ...args: unknown[]): boolean
  /** True if the connection is upgraded to a websocket. */
  readonly upgrade?: boolean
  readonly socket?: (Closing & { readonly server?: unknown }) | null
}

/**
 * Runs the rest of a request with its marks, for framework middleware. `raw` and `response` are Node's objects; `request`
 * is the framework's, which the options receive. Marks that the request already has, from the propagator or its first
 * span, are reused. They end when the response closes or, for a websocket, its connection. An option that throws is
 * reported once and the request continues; errors from `next` propagate.
 *
 * @example withRequestMarks(request.raw, request, options, done, reply.raw)
 */
export function withRequestMarks<Request>(
  raw: RawRequest,
  request: Request,
  options: RequestOptions<Request>,
  next: () => void,
  response?: Closing,
): void {
  const active = context.active()
  const work = workOfRequest(raw, response, active)
  const { marks } = work
  // If the propagator has read the headers, reading them again helps only if these options grant trust of their own.
  if (!marks.received || options.trust || options.markers) receive(marks, raw, request, options)
  if (!marks.received) stripBaggage(active)
  try {
    const traffic = options.testTraffic?.(request)
    if (isPromise(traffic)) sayPromise('testTraffic', "counts as a user's", traffic)
    else if (traffic) setTest(marks, traffic === true ? undefined : traffic)
  } catch (error) {
    sayOnce("the testTraffic option threw, so the request counts as a user's", error)
  }
  if (workIn(active) === work) next()
  else runInWork(work, next, active)
}

function receive<Request>(marks: Marks, raw: RawRequest, request: Request, options: RequestOptions<Request>): void {
  try {
    const header = (name: string): string | undefined => {
      const value = raw.headers?.[name]
      return typeof value === 'object' ? value.join(',') : value
    }
    const trusted: unknown = options.trust?.(request)
    if (isPromise(trusted)) sayPromise('trust', 'is not trusted', trusted)
    receiveMarks(marks, header, { trusted: trusted === true, markers: options.markers })
  } catch (error) {
    sayOnce("the options trust and markers failed, so the request's marks are not trusted", error)
  }
}

/** JavaScript does not check types, and a promise is truthy: it must not make every request a test. */
function isPromise(answer: unknown): answer is Promise<unknown> {
  if (typeof answer !== 'object' || answer === null) return false
  return typeof (answer as Partial<Promise<unknown>>).then === 'function'
}

function sayPromise(option: string, consequence: string, answer: Promise<unknown>): void {
  sayOnce(`the ${option} option returned a promise, so the request ${consequence}: it must answer at once`)
  // If it rejects, that must not end the process.
  answer.then(undefined, () => undefined)
}

const rawWork = Symbol.for('coalmine.request.work')

/**
 * The current work may belong to another request: without instrumentation, a server handles requests in the context it was
 * started in, which may itself have been a request's.
 */
function workOfRequest(raw: RawRequest & { [rawWork]?: Work }, response: Closing | undefined, active: Context): Work {
  const known = raw[rawWork]
  if (known) return known
  const current = currentWork(active)
  const work = current && isForRequest(current) ? current : newWork(newMarks())
  work.marks.taken = true
  work.marks.decided = true
  raw[rawWork] = work
  attach(work, raw, response, active)
  return work
}

function isForRequest({ over, marks, root }: Work): boolean {
  return !over && !marks.taken && (marks.received || root?.kind === SpanKind.SERVER)
}

/** Runs a request's event listeners as part of its work, and ends the work with the request. */
function attach(work: Work, raw: RawRequest, response: Closing | undefined, active: Context): void {
  // An instrumentation of node:http binds the listeners of requests to the Context that it started the request in.
  if (!Object.hasOwn(raw, 'addListener') || workOfContext(active) !== work) {
    runEventsIn(raw, work)
    if (response) runEventsIn(response, work)
  }
  if (raw.upgrade && raw.socket) {
    // From here on, the connection serves only this request.
    runEventsIn(raw.socket, work)
    endWithResponse(work, raw.socket)
  } else if (response) endWithResponse(work, response, raw.socket?.server !== undefined)
}
