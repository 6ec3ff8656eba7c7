import { createHash } from 'node:crypto'
import type { Attributes, Span, SpanBatch, SpanKind } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { addSpans } from '../otlp/bounds.ts'
import { type Json, listAt, objectAt, optional, shown, textAt, wrong } from '../otlp/json-fields.ts'
import { noRefusals, type Refusals, refusalOfStart, refuse, type TimeWindow, unknownService } from '../otlp/refusals.ts'
import { hexIdAt, microsecondsAt } from './json-ids.ts'

/** Whether an item of a JSON list is a span of Zipkin, of version 2 or 1. */
export function isZipkin(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'traceId' in item && 'id' in item && !('spanId' in item)
}

/**
 * Reads spans as Zipkin's API gives them (`/api/v2/traces`, `/api/v2/trace/<id>`) and adds them to a batch. Times are microseconds;
 * tags are attributes, and the tag `error` means that the span failed.
 *
 * Throws a ServerError of kind `malformed` that names the field; the batch is then as it was.
 */
export function decodeZipkin(batch: SpanBatch, items: readonly unknown[], window: TimeWindow): Refusals {
  const refusals = noRefusals()
  const spans: Span[] = []
  for (const [index, item] of items.entries()) {
    const at = `[${index}]`
    const span = spanAt(objectAt(item, at), at)
    const why = refusalOfStart(span.startNs, window)
    if (why === undefined) spans.push(span)
    else refuse(refusals, at, why)
  }
  addSpans(batch, spans)
  return refusals
}

const kinds: Readonly<Record<string, SpanKind>> = {
  SERVER: 'Server',
  CLIENT: 'Client',
  PRODUCER: 'Producer',
  CONSUMER: 'Consumer',
}

function spanAt(span: Json, at: string): Span {
  refuseFirstVersion(span)
  const traceId = hexIdAt(span['traceId'], `${at}.traceId`, 32)
  const id = hexIdAt(span['id'], `${at}.id`, 16)
  const parent = optional(span['parentId'], (value, place) => hexIdAt(value, place, 16), `${at}.parentId`) ?? ''
  const endpoint = optional(span['localEndpoint'], objectAt, `${at}.localEndpoint`)
  const service = textAt(endpoint?.['serviceName'], `${at}.localEndpoint.serviceName`) || unknownService
  const tags = tagsAt(span['tags'], `${at}.tags`)
  const { error, 'otel.status_code': code, 'otel.scope.name': scopeName = '', ...attributes } = tags
  const isShared = span['shared'] === true
  return {
    service,
    resource: { 'service.name': service },
    scopeName,
    scopeVersion: '',
    traceId,
    // A server that shares the id of its caller's span is a span of its own here, below it.
    spanId: isShared ? sharedId(traceId, id) : id,
    parentSpanId: isShared ? id : parent,
    traceState: '',
    name: textAt(span['name'], `${at}.name`),
    kind: kinds[textAt(span['kind'], `${at}.kind`)] ?? 'Internal',
    startNs: microsecondsAt(span['timestamp'], `${at}.timestamp`),
    durationNs: microsecondsAt(span['duration'] ?? 0, `${at}.duration`),
    attributes,
    status: (error !== undefined && error !== 'false') || code === 'ERROR' ? 'Error' : code === 'OK' ? 'Ok' : 'Unset',
    statusMessage: tags['otel.status_description'] ?? (error === 'true' ? '' : (error ?? '')),
    events: listAt(span['annotations'], `${at}.annotations`).map((item, index) => {
      const place = `${at}.annotations[${index}]`
      const { timestamp, value } = objectAt(item, place)
      return {
        timeNs: microsecondsAt(timestamp, `${place}.timestamp`),
        name: textAt(value, `${place}.value`),
        attributes: {},
      }
    }),
    links: [],
  }
}

/** Version 1 has the service and the times in annotations, each with an endpoint. */
function refuseFirstVersion({ annotations, binaryAnnotations }: Json): void {
  const isFirst =
    binaryAnnotations !== undefined ||
    (Array.isArray(annotations) &&
      annotations.some((one) => typeof one === 'object' && one !== null && 'endpoint' in one))
  if (!isFirst) return
  throw new ServerError(
    'malformed',
    'this is Zipkin v1 JSON, which cannot be read: get it as v2: curl "http://<zipkin>:9411/api/v2/traces?serviceName=<service>&limit=1000" | coalmine import -',
  )
}

function sharedId(traceId: string, id: string): string {
  return createHash('sha256').update(`${traceId}${id} shared`).digest('hex').slice(0, 16)
}

function tagsAt(value: unknown, at: string): Attributes {
  const attributes: Record<string, string> = Object.create(null)
  for (const [key, tag] of Object.entries(optional(value, objectAt, at) ?? {})) {
    if (typeof tag === 'object' && tag !== null) throw wrong(`${at}.${shown(key)}`, 'a text', tag)
    attributes[key] = String(tag ?? '')
  }
  return attributes
}
