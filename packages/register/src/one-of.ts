import type { SpanProcessor } from '@opentelemetry/sdk-trace'

/** Several processors as one, each in its turn. */
export function oneOf(processors: readonly SpanProcessor[]): SpanProcessor {
  return {
    onStart: (span, parent) => {
      for (const each of processors) each.onStart(span, parent)
    },
    onEnding: (span) => {
      for (const each of processors) each.onEnding?.(span)
    },
    onEnd: (span) => {
      for (const each of processors) each.onEnd(span)
    },
    forceFlush: async () => void (await Promise.all(processors.map((each) => each.forceFlush()))),
    shutdown: async () => void (await Promise.all(processors.map((each) => each.shutdown()))),
  }
}
