import { sayOnce } from '@coalmine/marks'
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'

/** The requests that are being served. */
export interface OpenRequests {
  /** Hears of them; it goes behind the processor that marks. */
  readonly processor: SpanProcessor
  /** Ends their spans as failed: the process ends before it has answered them. */
  readonly fail: (why: unknown) => void
  /** Does without the attributes of the resource that are still looked up: spans would wait for them. */
  readonly settleResource: () => void
}

const place = Symbol('coalmine.place')
const route = Symbol('coalmine.route')

type OpenSpan = Span &
  ReadableSpan & {
    /** Where it is among the open ones. */
    [place]?: number
    /** What the framework's own span says, which has the route from its start; the request's not before its end. */
    [route]?: string
  }

/** A span that is never ended would be kept for ever; of more requests than these at a time, the rest is not looked after. */
const maxOpen = 1000

/** Whether requests have two spans is seen of the first ones. */
const lookedAt = 20

/** Keeps the spans of requests, and of messages from queues, from their start to their end; `ended` is told of every span. */
export function openRequests(ended: (span: ReadableSpan) => void): OpenRequests {
  // Not a Map, which costs each request as much as all its marks do.
  const open: (OpenSpan | undefined)[] = []
  const free: number[] = []
  let seen = 0
  let resource: ReadableSpan['resource'] | undefined

  const add = (request: OpenSpan): void => {
    const at = free.pop() ?? open.length
    if (at >= maxOpen) return
    open[at] = request
    request[place] = at
  }
  const remove = (at: number): void => {
    open[at] = undefined
    free.push(at)
  }
  return {
    processor: {
      onStart: (span, parent) => {
        // The spans of a tracer that took the SDK's place: MarkProcessor says so.
        if (span.attributes === undefined) return
        resource ??= span.resource
        const { kind } = span
        if (kind === SpanKind.SERVER || kind === SpanKind.CONSUMER) {
          add(span as unknown as OpenSpan)
          if (kind === SpanKind.SERVER && seen++ < lookedAt) tellOfTwins(span as unknown as OpenSpan)
          return
        }
        const known = span.attributes['http.route']
        const request = typeof known === 'string' && (trace.getSpan(parent) as OpenSpan | undefined)
        if (request && request[place] !== undefined) request[route] = known
      },
      onEnd: (span) => {
        if (span.attributes === undefined) return
        const at = (span as unknown as OpenSpan)[place]
        if (at !== undefined) remove(at)
        ended(span)
      },
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    },
    fail(why) {
      const name = why instanceof Error ? why.name : 'process_exit'
      const message = `the process ended before it answered${why instanceof Error ? `: ${why.message}` : ''}`
      for (const span of [...open]) {
        if (!span) continue
        const known = span[route]
        if (known !== undefined) {
          span.setAttribute('http.route', known)
          span.updateName(`${span.name.split(' ')[0]} ${known}`)
        }
        span.setAttribute('error.type', name)
        span.setStatus({ code: SpanStatusCode.ERROR, message })
        span.end()
      }
    },
    settleResource() {
      if (resource?.asyncAttributesPending) Object.defineProperty(resource, 'asyncAttributesPending', { value: false })
    },
  }
}

/** Two instrumentations of node:http each make a span of a request, the second one while the first one's is active. */
function tellOfTwins(span: OpenSpan): void {
  const active = trace.getSpan(context.active()) as OpenSpan | undefined
  if (active?.kind !== SpanKind.SERVER || !active.isRecording()) return
  const isSame = ['url.path', 'http.target'].some(
    (key) => active.attributes[key] !== undefined && active.attributes[key] === span.attributes[key],
  )
  if (!isSame) return
  sayOnce(
    `each request has two SERVER spans, one by ${active.instrumentationScope.name} and one by ${span.instrumentationScope.name}, so it counts twice. Start only one of them, see https://www.npmjs.com/package/@coalmine/register#beside-another-sdk`,
  )
}
