import { type MarkOptions, MarkProcessor } from '@coalmine/marks'
import type { NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { oneOf } from './one-of.ts'

/**
 * Adds marks to the configuration of a NodeSDK that one has already. A NodeSDK that is given span processors exports
 * nothing besides: it ignores `traceExporter` and OTEL_TRACES_EXPORTER. So this makes the exporter a processor too, and
 * does not accept a configuration that names neither.
 *
 * @throws TypeError when there is neither an exporter nor a span processor
 * @example new NodeSDK(withCoalmine({ traceExporter: new OTLPTraceExporter() }, { late: 'hold' })).start()
 */
export function withCoalmine(
  configuration: Partial<NodeSDKConfiguration>,
  options: Omit<MarkOptions, 'next'> = {},
): Partial<NodeSDKConfiguration> {
  const { traceExporter, spanProcessors = [], ...rest } = configuration
  const pipelines = [...spanProcessors, ...(traceExporter ? [new BatchSpanProcessor({ exporter: traceExporter })] : [])]
  if (pipelines.length === 0) {
    throw new TypeError(
      'withCoalmine: no exporter. A NodeSDK with span processors ignores OTEL_TRACES_EXPORTER, so pass one: withCoalmine({ traceExporter: new OTLPTraceExporter() })',
    )
  }
  return { ...rest, spanProcessors: [new MarkProcessor({ ...options, next: oneOf(pipelines) })] }
}
