import { type Context, context, SpanKind } from '@opentelemetry/api'
import { type Closing, endWithResponse } from './ending.ts'
import { type Marks, newMarks, setTest, type TestEntity } from './marks.ts'
import { receiveMarks } from './receive.ts'
import { runEventsIn } from './request-events.ts'
import { sayOnce } from './say-once.ts'
import type { MarkerTrust } from './signature.ts'
import { stripBaggage } from './strip-baggage.ts'
import { currentWork, newWork, runInWork, type Work, workIn, workOfContext } from './work.ts'

/** Options of the middleware of every framework: which requests are tests, and which callers to trust. */
export interface RequestOptions<Request> {
  /** Whether a request is test traffic; what the test is about, when that is known. It decides, so it must be sure. */
  readonly testTraffic?: (request: Request) => boolean | TestEntity | undefined
  /** Whether to believe the marks in a request's baggage, such as those of callers inside one's own network. */
  readonly trust?: (request: Request) => boolean
  /** Whose signed test markers to believe, from anybody: the keys, and who this is. */
  readonly markers?: MarkerTrust
}

/** Node's own request object, which every framework wraps; without headers, whatever object stands for the request. */
export interface RawRequest {
  readonly headers?: { readonly [name: string]: string | readonly string[] | undefined }
  emit?(event: string, ...args: unknown[]): boolean
  /** True when its connection becomes a websocket's. */
  readonly upgrade?: boolean
  readonly socket?: Closing | null
}

/**
 * Runs the rest of a request with its marks, for the middleware of a framework: `raw` and `response` are Node's objects,
 * and `request` is the framework's, for the options. The marks are those that the request has already, from the
 * propagator or from its first span, or else new ones. They end when the response is closed or, of a websocket, its
 * connection. An option that throws is reported once and the request goes on; what `next` throws is thrown.
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
  // The propagator has read the same headers, and there is nobody here who would believe more of them.
  if (!marks.received || options.trust || options.markers) receive(marks, raw, request, options)
  if (!marks.received) stripBaggage(active)
  try {
    const traffic = options.testTraffic?.(request)
    if (traffic) setTest(marks, traffic === true ? undefined : traffic)
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
    receiveMarks(marks, header, { trusted: options.trust?.(request) === true, markers: options.markers })
  } catch (error) {
    sayOnce("the options trust and markers failed, so the request's marks are not trusted", error)
  }
}

const rawWork = Symbol.for('coalmine.request.work')

/**
 * The current work may be another request's: without an instrumentation, a server runs its requests in the context in
 * which it was started, and that may have been inside one.
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

/** Has what belongs to a request run as a part of its work, and the work end with it. */
function attach(work: Work, raw: RawRequest, response: Closing | undefined, active: Context): void {
  // An instrumentation of node:http binds the listeners of requests to the Context that it started the request in.
  if (!Object.hasOwn(raw, 'addListener') || workOfContext(active) !== work) {
    runEventsIn(raw, work)
    if (response) runEventsIn(response, work)
  }
  if (raw.upgrade && raw.socket) {
    // From here on the connection is this one request's.
    runEventsIn(raw.socket, work)
    endWithResponse(work, raw.socket)
  } else if (response) endWithResponse(work, response)
}
