import type { Context } from '@opentelemetry/api'
import { workOf } from './work.ts'

/** The methods of an SDK's SpanProcessor, in OpenTelemetry JS 2.x and 3.x. */
export interface SpanPipeline<Started, Ended> {
  onStart(span: Started, parent: Context): void
  onEnding?(span: Started): void
  onEnd(span: Ended): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

/**
 * Creates a span processor that sends ended spans of trusted test traffic to one pipeline and all others to another.
 * Untrusted claims to be a test are not diverted. Spans that end before their request is known to be a test go to the users'
 * pipeline; a signed marker is known from the first span on. Put this processor after the MarkProcessor.
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

/** Waits for both, so that a failure in one pipeline does not lose the other's spans. */
async function all(ends: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(ends)) if (end.status === 'rejected') throw end.reason
}
