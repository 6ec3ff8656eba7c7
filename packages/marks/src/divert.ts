import type { Context } from '@opentelemetry/api'
import { workOf } from './work.ts'

/** The methods of an SDK's SpanProcessor, in both lines of the SDK. */
export interface SpanPipeline<Started, Ended> {
  onStart(span: Started, parent: Context): void
  onEnding?(span: Started): void
  onEnd(span: Ended): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/**
 * A span processor that sends the spans of trusted test traffic to one pipeline and all other spans to another, each when it
 * ends. An unsigned claim to be a test diverts nothing. Spans that ended before their request was known to be a test go with
 * the users'; a signed marker is known from the first span on. Put it after the MarkProcessor.
 *
 * @example divertTestTraffic({ users: new BatchSpanProcessor({ exporter }), test: new BatchSpanProcessor({ exporter: other }) })
 */
export function divertTestTraffic<Started, Ended extends object>(pipelines: {
  readonly users: SpanPipeline<Started, Ended>
  readonly test: SpanPipeline<Started, Ended>
}): Required<SpanPipeline<Started, Ended>> {
  const { users, test } = pipelines
  const both = [users, test]
  return {
    onStart: (span, parent) => {
      for (const pipeline of both) pipeline.onStart(span, parent)
    },
    onEnding: (span) => {
      for (const pipeline of both) pipeline.onEnding?.(span)
    },
    onEnd: (span) => (workOf(span)?.marks.test ? test : users).onEnd(span),
    forceFlush: () => all(both.map((pipeline) => pipeline.forceFlush())),
    shutdown: () => all(both.map((pipeline) => pipeline.shutdown())),
  }
}

/** Each to its end, so that one pipeline's failure does not cost the other its spans. */
async function all(ends: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason
}
