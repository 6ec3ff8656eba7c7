// What @opentelemetry/auto-instrumentations-node/register does, with one of its instrumentations.
import { trace } from '@opentelemetry/api'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeSDK } from '@opentelemetry/sdk-node'

new NodeSDK({ instrumentations: [new HttpInstrumentation()], metricReaders: [], logRecordProcessors: [] }).start()
process.once('beforeExit', () => trace.getTracerProvider().getDelegate().forceFlush())
