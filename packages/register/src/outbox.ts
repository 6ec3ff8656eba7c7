import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

/** An exporter that knows which spans have not arrived yet. */
export interface Outbox {
  readonly exporter: SpanExporter
  /** Runs what brings spans, and gives them, with those that were on their way: from then on they are the caller's to send. */
  readonly takeAll: (bring: () => void) => ReadableSpan[]
}

/** Puts an outbox in front of an exporter. */
export function outbox(exporter: SpanExporter): Outbox {
  const underway = new Set<readonly ReadableSpan[]>()
  let isTaking = false
  return {
    exporter: {
      export(spans, done) {
        underway.add(spans)
        // ExportResultCode.SUCCESS, without loading the package for it.
        if (isTaking) return done({ code: 0 })
        exporter.export(spans, (result) => {
          underway.delete(spans)
          done(result)
        })
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    },
    takeAll(bring) {
      isTaking = true
      try {
        bring()
        return [...underway].flat()
      } finally {
        isTaking = false
        underway.clear()
      }
    },
  }
}
