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

type OpenSpan = Span & ReadableSpan

/** A span that is never ended would be kept for ever; of more requests than these at a time, the rest is not looked after. */
const maxOpen = 1000

/** Keeps the spans of requests, and of messages from queues, from their start to their end; `ended` is told of every span. */
export function openRequests(ended: (span: ReadableSpan) => void): OpenRequests {
  const open = new Map<string, { readonly span: OpenSpan; route?: string }>()
  let resource: ReadableSpan['resource'] | undefined
  return {
    processor: {
      onStart: (span) => {
        resource ??= span.resource
        if (span.kind === SpanKind.SERVER || span.kind === SpanKind.CONSUMER) {
          const request = span as unknown as OpenSpan
          if (open.size < maxOpen) open.set(span.spanContext().spanId, { span: request })
          if (span.kind === SpanKind.SERVER) tellOfTwins(request)
          return
        }
        // The framework's own span has the route from its start, the request's not before its end.
        const route = span.attributes['http.route']
        const request = typeof route === 'string' && open.get(span.parentSpanContext?.spanId ?? '')
        if (request) request.route = route
      },
      onEnd: (span) => {
        if (span.kind === SpanKind.SERVER || span.kind === SpanKind.CONSUMER) open.delete(span.spanContext().spanId)
        ended(span)
      },
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    },
    fail(why) {
      const name = why instanceof Error ? why.name : 'process_exit'
      const message = `the process ended before it answered${why instanceof Error ? `: ${why.message}` : ''}`
      for (const { span, route } of [...open.values()]) {
        if (route !== undefined) {
          span.setAttribute('http.route', route)
          span.updateName(`${span.name.split(' ')[0]} ${route}`)
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
    `each request has two SERVER spans, and counts twice, one by ${active.instrumentationScope.name} and one by ${span.instrumentationScope.name}. Start only one of them, see https://www.npmjs.com/package/@coalmine/register#if-your-app-is-`,
  )
}
