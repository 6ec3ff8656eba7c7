import type { Span, SpanBatch, SpanKind, SpanStatus } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { addSpans, boundParts, mostRowBytes } from './bounds.ts'
import { type Json, listAt, objectAt, optional, shown, textAt, wrong } from './json-fields.ts'
import { attributesAt, maybeIdAt, nanosecondsAt } from './json-values.ts'
import { noRefusals, type Refusals, refusalOfStart, refuse, type TimeWindow, unknownService } from './refusals.ts'

/**
 * Reads an OTLP/JSON `ExportTraceServiceRequest` and adds its spans to a batch. Ids are hex, enums are numbers (names are
 * read too), 64-bit numbers may be strings. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 *
 * Throws a ServerError of kind `malformed` that names the field, and one with status 413 if its rows take more than `most` bytes.
 */
export function decodeJson(
  batch: SpanBatch,
  request: unknown,
  window: TimeWindow,
  most: number = mostRowBytes,
): Refusals {
  const refusals = noRefusals()
  const spans: Span[] = []
  const root = objectAt(request, 'the request')
  // An empty object is a request without spans, because all fields are optional.
  if (root['resourceSpans'] === undefined && Object.keys(root).length > 0)
    throw new ServerError('malformed', `expected an OTLP trace request, which has resourceSpans, got ${shown(request)}`)
  let origins = 0
  for (const [r, resourceSpans] of listAt(root['resourceSpans'], 'resourceSpans').entries()) {
    // Creating one of these takes longer than creating an object below it.
    boundParts(partsOfOrigin * ++origins)
    const at = `resourceSpans[${r}]`
    const { resource, scopeSpans } = objectAt(resourceSpans, at)
    const attributes = attributesAt(
      optional(resource, objectAt, `${at}.resource`)?.['attributes'],
      `${at}.resource.attributes`,
    )
    for (const [s, scoped] of listAt(scopeSpans, `${at}.scopeSpans`).entries()) {
      boundParts(partsOfOrigin * ++origins)
      const inScope = `${at}.scopeSpans[${s}]`
      const { scope, spans: list } = objectAt(scoped, inScope)
      const { name, version } = optional(scope, objectAt, `${inScope}.scope`) ?? {}
      const origin = {
        service: attributes['service.name'] || unknownService,
        resource: attributes,
        scopeName: textAt(name, `${inScope}.scope.name`),
        scopeVersion: textAt(version, `${inScope}.scope.version`),
      }
      for (const [n, item] of listAt(list, `${inScope}.spans`).entries()) {
        const place = `${inScope}.spans[${n}]`
        const span = { ...origin, ...spanAt(objectAt(item, place), place) }
        const why = refusalOfIds(span) ?? refusalOfStart(span.startNs, window)
        if (why === undefined) spans.push(span)
        else refuse(refusals, place, why)
      }
    }
  }
  addSpans(batch, spans, most)
  return refusals
}

/** One span without ids is no reason to refuse those beside it, which may be another's. */
function refusalOfIds({ traceId, spanId }: Pick<Span, 'traceId' | 'spanId'>): string | undefined {
  if (traceId === '') return 'it has no trace id'
  if (spanId === '') return 'it has no span id'
  if (/^0+$/.test(traceId)) return 'its trace id is all zeros'
  return /^0+$/.test(spanId) ? 'its span id is all zeros' : undefined
}

type SpanOwn = Omit<Span, 'service' | 'resource' | 'scopeName' | 'scopeVersion'>

const partsOfOrigin = 10
const kinds: readonly SpanKind[] = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const statuses: readonly SpanStatus[] = ['Unset', 'Ok', 'Error']

function spanAt(span: Json, at: string): SpanOwn {
  const startNs = nanosecondsAt(span['startTimeUnixNano'], `${at}.startTimeUnixNano`)
  const endNs = nanosecondsAt(span['endTimeUnixNano'], `${at}.endTimeUnixNano`)
  const status = optional(span['status'], objectAt, `${at}.status`)
  const parentSpanId = maybeIdAt(span['parentSpanId'], `${at}.parentSpanId`, 16)
  return {
    traceId: maybeIdAt(span['traceId'], `${at}.traceId`, 32),
    spanId: maybeIdAt(span['spanId'], `${at}.spanId`, 16),
    parentSpanId: /^0+$/.test(parentSpanId) ? '' : parentSpanId,
    traceState: textAt(span['traceState'], `${at}.traceState`),
    name: textAt(span['name'], `${at}.name`),
    kind: enumAt(span['kind'], `${at}.kind`, kinds, 'SPAN_KIND_'),
    startNs,
    durationNs: endNs > startNs ? endNs - startNs : 0n,
    attributes: attributesAt(span['attributes'], `${at}.attributes`),
    status: enumAt(status?.['code'], `${at}.status.code`, statuses, 'STATUS_CODE_'),
    statusMessage: textAt(status?.['message'], `${at}.status.message`),
    events: listAt(span['events'], `${at}.events`).map((item, index) => {
      const place = `${at}.events[${index}]`
      const event = objectAt(item, place)
      return {
        timeNs: nanosecondsAt(event['timeUnixNano'], `${place}.timeUnixNano`),
        name: textAt(event['name'], `${place}.name`),
        attributes: attributesAt(event['attributes'], `${place}.attributes`),
      }
    }),
    links: listAt(span['links'], `${at}.links`).map((item, index) => {
      const place = `${at}.links[${index}]`
      const link = objectAt(item, place)
      return {
        // Links to nothing are allowed for the sake of their attributes.
        traceId: maybeIdAt(link['traceId'], `${place}.traceId`, 32),
        spanId: maybeIdAt(link['spanId'], `${place}.spanId`, 16),
        traceState: textAt(link['traceState'], `${place}.traceState`),
        attributes: attributesAt(link['attributes'], `${place}.attributes`),
      }
    }),
  }
}

function enumAt<T extends string>(value: unknown, at: string, names: readonly T[], prefix: string): T {
  if (value === undefined || value === null) return names[0]!
  // A number that is newer than this code is ignored; the spans still count.
  if (typeof value === 'number') return names[value] ?? names[0]!
  const found = names.find((name) => value === prefix + name.toUpperCase())
  if (!found)
    throw wrong(at, `a number, or one of ${names.map((name) => prefix + name.toUpperCase()).join(', ')}`, value)
  return found
}
