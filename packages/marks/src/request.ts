import { currentMarks, type Marks, newMarks, runWithMarks, setTest, type TestEntity } from './marks.ts'
import { receiveMarks } from './receive.ts'
import { sayOnce } from './say-once.ts'
import type { MarkerTrust } from './signature.ts'

/** What the middleware of every framework lets an application decide about a request. */
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
}

/**
 * Runs the rest of a request with its Marks, for the middleware of a framework: `raw` is Node's request object, and
 * `request` the framework's, for the options. The Marks are those that the request has already, from the propagator
 * or from its first span, or else new ones. An option that throws is reported once and the request goes on; what
 * `next` throws is thrown.
 *
 * @example withRequestMarks(request.raw, request, options, done)
 */
export function withRequestMarks<Request>(
  raw: RawRequest,
  request: Request,
  options: RequestOptions<Request>,
  next: () => void,
): void {
  const marks = marksOfRequest(raw)
  // The propagator has read the same headers, and there is nobody here who would believe more of them.
  if (!marks.received || options.trust || options.markers) receive(marks, raw, request, options)
  try {
    const traffic = options.testTraffic?.(request)
    if (traffic) setTest(marks, traffic === true ? undefined : traffic)
  } catch (error) {
    sayOnce("the option testTraffic threw, so the request counts as a user's", error)
  }
  runWithMarks(marks, next)
}

function receive<Request>(marks: Marks, raw: RawRequest, request: Request, options: RequestOptions<Request>): void {
  try {
    const header = (name: string): string | undefined => {
      const value = raw.headers?.[name]
      return typeof value === 'object' ? value.join(',') : value
    }
    receiveMarks(marks, header, { trusted: options.trust?.(request) === true, markers: options.markers })
  } catch (error) {
    sayOnce("the options trust and markers failed, so the request's marks are not believed", error)
  }
}

const rawMarks = Symbol.for('coalmine.request.marks')

/**
 * The current Marks may be another request's: without an instrumentation, a server runs its requests in the context
 * in which it was started, and that may have been inside one.
 */
function marksOfRequest(raw: RawRequest & { [rawMarks]?: Marks }): Marks {
  const known = raw[rawMarks]
  if (known) return known
  const current = currentMarks()
  const marks = current && !current.taken ? current : newMarks()
  marks.taken = true
  raw[rawMarks] = marks
  return marks
}
