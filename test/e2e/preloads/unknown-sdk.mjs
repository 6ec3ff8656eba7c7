// An SDK that nobody knows the inside of.
import { trace } from '@opentelemetry/api'

trace.setGlobalTracerProvider({ getTracer: () => trace.wrapSpanContext })
