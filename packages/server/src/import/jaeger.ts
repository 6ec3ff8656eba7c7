import type { Attributes, Span, SpanBatch, SpanKind } from '@coalmine/store'
import { addSpans } from '../otlp/bounds.ts'
import { type Json, listAt, objectAt, textAt } from '../otlp/json-fields.ts'
import { noRefusals, type Refusals, refusalOfStart, refuse, type TimeWindow, unknownService } from '../otlp/refusals.ts'
import { hexIdAt, microsecondsAt } from './json-ids.ts'

/** Whether JSON is from Jaeger: an answer of its API or page, with traces in `data`; one such trace; or one span as in Elasticsearch. */
export function isJaeger(json: Json): boolean {
  if (Array.isArray(json['data'])) return true
  return 'traceID' in json && (Array.isArray(json['spans']) || ('spanID' in json && 'operationName' in json))
}

/**
 * Reads traces as Jaeger's API gives them (`/api/traces`, "Download JSON") and adds their spans to a batch. Times are
 * microseconds; OpenTelemetry's kind and status are the tags `span.kind`, `error` and `otel.status_code`.
 *
 * Throws a ServerError of kind `malformed` that names the field; the batch is then as it was.
 */
export function decodeJaeger(batch: SpanBatch, json: Json, window: TimeWindow): Refusals {
  const refusals = noRefusals()
  const spans: Span[] = []
  for (const { trace, at } of tracesIn(json)) {
    const { processes = {}, spans: list } = objectAt(trace, at)
    const known = objectAt(processes, inside(at, 'processes'))
    for (const [index, item] of listAt(list, inside(at, 'spans')).entries()) {
      const place = `${inside(at, 'spans')}[${index}]`
      const span = spanAt(objectAt(item, place), known, place)
      const why = refusalOfStart(span.startNs, window)
      if (why === undefined) spans.push(span)
      else refuse(refusals, place, why)
    }
  }
  addSpans(batch, spans)
  return refusals
}

function tracesIn(json: Json): readonly { readonly trace: unknown; readonly at: string }[] {
  if (Array.isArray(json['data'])) return json['data'].map((trace: unknown, index) => ({ trace, at: `data[${index}]` }))
  return [{ trace: Array.isArray(json['spans']) ? json : { spans: [json] }, at: '' }]
}

const inside = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`)

const kinds: Readonly<Record<string, SpanKind>> = {
  internal: 'Internal',
  server: 'Server',
  client: 'Client',
  producer: 'Producer',
  consumer: 'Consumer',
}

function spanAt(span: Json, processes: Json, at: string): Span {
  const traceId = hexIdAt(span['traceID'], `${at}.traceID`, 32)
  const process = objectAt(span['process'] ?? processes[textAt(span['processID'], `${at}.processID`)] ?? {}, at)
  const tags = tagsAt(span['tags'], `${at}.tags`)
  const parent = listAt(span['references'], `${at}.references`)
    .map((item, index) => objectAt(item, `${at}.references[${index}]`))
    .find(({ refType }) => refType === 'CHILD_OF')
  const service = textAt(process['serviceName'], `${at}.process.serviceName`) || unknownService
  const {
    'span.kind': kind = '',
    error,
    'otel.status_code': code,
    'otel.scope.name': scopeName = '',
    ...attributes
  } = tags
  return {
    service,
    resource: { ...tagsAt(process['tags'], `${at}.process.tags`), 'service.name': service },
    scopeName,
    scopeVersion: '',
    traceId,
    spanId: hexIdAt(span['spanID'], `${at}.spanID`, 16),
    parentSpanId: parent ? hexIdAt(parent['spanID'], `${at}.references.spanID`, 16) : '',
    traceState: '',
    name: textAt(span['operationName'], `${at}.operationName`),
    kind: kinds[kind] ?? 'Unspecified',
    startNs: microsecondsAt(span['startTime'], `${at}.startTime`),
    durationNs: microsecondsAt(span['duration'] ?? 0, `${at}.duration`),
    attributes,
    status: error === 'true' || code === 'ERROR' ? 'Error' : code === 'OK' ? 'Ok' : 'Unset',
    statusMessage: tags['otel.status_description'] ?? '',
    events: listAt(span['logs'], `${at}.logs`).map((item, index) => {
      const place = `${at}.logs[${index}]`
      const log = objectAt(item, place)
      const { event = 'log', ...fields } = tagsAt(log['fields'], `${place}.fields`)
      return { timeNs: microsecondsAt(log['timestamp'], `${place}.timestamp`), name: event, attributes: fields }
    }),
    links: [],
  }
}

function tagsAt(list: unknown, at: string): Attributes {
  const attributes: Record<string, string> = Object.create(null)
  for (const [index, item] of listAt(list, at).entries()) {
    const { key, value } = objectAt(item, `${at}[${index}]`)
    attributes[textAt(key, `${at}[${index}].key`)] = typeof value === 'string' ? value : JSON.stringify(value ?? '')
  }
  return attributes
}
