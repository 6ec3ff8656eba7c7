// An SDK that was started with an older copy of the API, as the OpenTelemetry operator and Sentry bring one.
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { trace } from 'opentelemetry-api-1.9'

const exporter = {
  export(spans, done) {
    for (const { name, attributes } of spans) console.log(name, attributes['service.version'])
    done({ code: 0 })
  },
  shutdown: async () => {},
}
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
process.once('beforeExit', () => trace.getTracer('app').startSpan('job').end())
