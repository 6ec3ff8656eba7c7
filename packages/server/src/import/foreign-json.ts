import type { Json } from '../otlp/json-fields.ts'

/**
 * Why JSON with recognised keys is not read: what it is, and how to convert it. Undefined for everything else.
 */
export function refusalOfJson(json: Json): string | undefined {
  const found = foreign.find(({ is }) => is(json))
  return found && `this is ${found.name}: ${found.instead}`
}

const foreign: readonly {
  readonly name: string
  readonly is: (json: Json) => boolean
  readonly instead: string
}[] = [
  {
    name: "Tempo's answer to a search, which names traces but does not contain them",
    is: ({ traces }) => Array.isArray(traces) && traces.every((one) => has(one, 'traceID')),
    instead:
      "get each of them: jq -r '.traces[].traceID' <file> | xargs -I{} curl -s -w '\\n' http://<tempo>:3200/api/traces/{} | coalmine import -",
  },
  {
    name: "Jaeger's answer that it found nothing",
    is: ({ data, errors }) => data === null && Array.isArray(errors) && errors.length > 0,
    instead: 'ask again: curl "http://<jaeger>:16686/api/traces?service=<service>&limit=1000" | coalmine import -',
  },
  {
    name: 'OTLP metrics (resourceMetrics), not spans (resourceSpans)',
    is: (json) => 'resourceMetrics' in json || 'resource_metrics' in json,
    instead: 'export traces to the file, or judge span metrics with coalmine compare --prometheus <url>',
  },
  {
    name: 'an answer from Prometheus, which has no spans',
    is: ({ status, data }) => status === 'success' && has(data, 'resultType'),
    instead: 'judge its span metrics with coalmine compare --prometheus <url>',
  },
  {
    name: 'an answer from Elasticsearch',
    is: ({ hits }) => has(hits, 'hits'),
    instead: "take Jaeger's spans out of it: jq -c '.hits.hits[]._source' <file> | coalmine import -",
  },
  {
    name: 'Datadog spans',
    is: (json) => 'trace_id' in json && 'span_id' in json && ('meta' in json || 'resource' in json),
    instead: "send them through a Collector, receivers: [datadog], exporters: [file], and import the Collector's file",
  },
  {
    name: 'AWS X-Ray segments',
    is: ({ Traces: traces, Document: text, trace_id: id }) =>
      (Array.isArray(traces) && traces.some((one) => has(one, 'Segments'))) ||
      typeof text === 'string' ||
      (typeof id === 'string' && /^1-[\da-f]{8}-/i.test(id)),
    instead: "send them through a Collector, receivers: [awsxray], exporters: [file], and import the Collector's file",
  },
  {
    name: 'a Chrome trace',
    is: (json) => 'traceEvents' in json,
    instead: 'it has no requests of a service; import the spans of the service itself',
  },
]

const has = (value: unknown, key: string): boolean => typeof value === 'object' && value !== null && key in value
