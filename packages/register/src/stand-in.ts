// What Coalmine's packages use of @opentelemetry/api, for an application in which it is not installed. Nothing is traced, but
// the middleware runs, and isTestTraffic() answers, as it does without an SDK.

interface Values {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): Values
  deleteValue(key: symbol): Values
}

function valuesOf(values: ReadonlyMap<symbol, unknown>): Values {
  return {
    getValue: (key) => values.get(key),
    setValue: (key, value) => valuesOf(new Map(values).set(key, value)),
    deleteValue: (key) => {
      const rest = new Map(values)
      rest.delete(key)
      return valuesOf(rest)
    },
  }
}

/** The empty Context. */
const rootContext: Values = valuesOf(new Map())

/** Makes the key of a value in a Context. */
export const createContextKey = (description: string): symbol => Symbol.for(description)

/** The Context that runs is always the empty one. */
export const context: object = {
  active: () => rootContext,
  with: (_: Values, run: (...args: unknown[]) => unknown, self?: unknown, ...args: unknown[]) => run.apply(self, args),
}

const nothing = (): undefined => undefined
const span = { end: nothing }
const spanKey = createContextKey('no span')
const keepSpan = (active: Values, kept: unknown): Values => active.setValue(spanKey, kept)

/** There are no spans. */
export const trace: object = {
  getActiveSpan: nothing,
  getSpan: nothing,
  getSpanContext: nothing,
  getTracer: () => ({ startSpan: () => span }),
  setSpan: keepSpan,
  setSpanContext: keepSpan,
  wrapSpanContext: () => span,
}

/** There is no baggage. */
export const propagation: object = { getBaggage: nothing, setBaggage: (active: Values) => active }

/** Nobody listens. */
export const diag: object = { error: nothing, warn: nothing, info: nothing, debug: nothing, verbose: nothing }

/** The kinds of spans, as the API numbers them. */
const spanKind: object = { INTERNAL: 0, SERVER: 1, CLIENT: 2, PRODUCER: 3, CONSUMER: 4 }

/** Whether a span is sampled. */
const traceFlags: object = { NONE: 0, SAMPLED: 1 }

/** A span that is none. */
const invalidSpanContext: object = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 }

export {
  invalidSpanContext as INVALID_SPAN_CONTEXT,
  rootContext as ROOT_CONTEXT,
  spanKind as SpanKind,
  traceFlags as TraceFlags,
}
