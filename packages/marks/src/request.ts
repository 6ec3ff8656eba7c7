import { receiveBaggage } from './baggage.ts'
import { currentMarks, newMarks, runWithMarks, setTest, type TestEntity } from './marks.ts'
import { sayOnce } from './say-once.ts'

/** What the middleware of every framework lets an application decide about a request. */
export interface RequestOptions<Request> {
  /** Whether a request is test traffic; what the test is about, when that is known. It decides, so it must be sure. */
  readonly testTraffic?: (request: Request) => boolean | TestEntity | undefined
  /** Whether to believe the marks in a request's baggage, such as those of callers inside one's own network. */
  readonly trust?: (request: Request) => boolean
}

/**
 * Runs the rest of a request with its Marks, for the middleware of a framework. The Marks are those that the request
 * has already, from the propagator or from its first span, or else new ones. An option that throws is reported once
 * and the request goes on; what `next` throws is thrown.
 *
 * @example withRequestMarks(req, req.headers.baggage, options, next)
 */
export function withRequestMarks<Request>(
  request: Request,
  baggage: string | readonly string[] | undefined,
  options: RequestOptions<Request>,
  next: () => void,
): void {
  const marks = currentMarks() ?? newMarks()
  try {
    const header = typeof baggage === 'object' ? baggage.join(',') : baggage
    receiveBaggage(marks, header, { trusted: options.trust?.(request) === true })
  } catch (error) {
    sayOnce("the option trust threw, so the request's marks are not believed", error)
  }
  try {
    const traffic = options.testTraffic?.(request)
    if (traffic) setTest(marks, traffic === true ? undefined : traffic)
  } catch (error) {
    sayOnce("the option testTraffic threw, so the request counts as a user's", error)
  }
  runWithMarks(marks, next)
}
