import { type Attributes, addSpan, type Span, type SpanBatch, type SpanKind } from '@coalmine/store'
import { type Json, listAt, objectAt, textAt, wrong } from '../otlp/json-fields.ts'
import { noRefusals, type Refusals, refusalOfStart, refuse, type TimeWindow, unknownService } from '../otlp/refusals.ts'

/** Whether JSON is what Jaeger's API and page give: traces in `data`. */
export function isJaeger(request: unknown): boolean {
  return typeof request === 'object' && request !== null && 'data' in request && Array.isArray(request.data)
}

/**
 * Reads traces as Jaeger's API gives them (`/api/traces`, "Download JSON") and adds their spans to a batch. Times are
 * microseconds; what OpenTelemetry calls kind and status are the tags `span.kind`, `error` and `otel.status_code`.
 *
 * Throws a ServerError of kind `malformed` that names the field; the batch is then as it was.
 */
export function decodeJaeger(batch: SpanBatch, request: unknown, window: TimeWindow): Refusals {
  const refusals = noRefusals()
  const spans: Span[] = []
  for (const [t, trace] of listAt(objectAt(request, 'the request')['data'], 'data').entries()) {
    const { processes = {}, spans: list } = objectAt(trace, `data[${t}]`)
    const known = objectAt(processes, `data[${t}].processes`)
    for (const [s, item] of listAt(list, `data[${t}].spans`).entries()) {
      const at = `data[${t}].spans[${s}]`
      const span = spanAt(objectAt(item, at), known, at)
      const why = refusalOfStart(span.startNs, window)
      if (why === undefined) spans.push(span)
      else refuse(refusals, at, why)
    }
  }
  for (const span of spans) addSpan(batch, span)
  return refusals
}

const kinds: Readonly<Record<string, SpanKind>> = {
  internal: 'Internal',
  server: 'Server',
  client: 'Client',
  producer: 'Producer',
  consumer: 'Consumer',
}

function spanAt(span: Json, processes: Json, at: string): Span {
  const traceId = idAt(span['traceID'], `${at}.traceID`, 32)
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
    spanId: idAt(span['spanID'], `${at}.spanID`, 16),
    parentSpanId: parent ? idAt(parent['spanID'], `${at}.references.spanID`, 16) : '',
    traceState: '',
    name: textAt(span['operationName'], `${at}.operationName`),
    kind: kinds[kind] ?? 'Unspecified',
    startNs: nanosecondsAt(span['startTime'], `${at}.startTime`),
    durationNs: nanosecondsAt(span['duration'] ?? 0, `${at}.duration`),
    attributes,
    status: error === 'true' || code === 'ERROR' ? 'Error' : code === 'OK' ? 'Ok' : 'Unset',
    statusMessage: tags['otel.status_description'] ?? '',
    events: listAt(span['logs'], `${at}.logs`).map((item, index) => {
      const place = `${at}.logs[${index}]`
      const log = objectAt(item, place)
      const { event = 'log', ...fields } = tagsAt(log['fields'], `${place}.fields`)
      return { timeNs: nanosecondsAt(log['timestamp'], `${place}.timestamp`), name: event, attributes: fields }
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

/** Old clients write short ids, and leave leading zeros away. */
function idAt(value: unknown, at: string, digits: number): string {
  if (typeof value !== 'string' || value.length > digits || !/^[\da-f]*[1-9a-f][\da-f]*$/i.test(value))
    throw wrong(at, `up to ${digits} hex digits`, value)
  return value.toLowerCase().padStart(digits, '0')
}

function nanosecondsAt(value: unknown, at: string): bigint {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 1e16)
    throw wrong(at, 'whole microseconds', value)
  return BigInt(value) * 1000n
}
