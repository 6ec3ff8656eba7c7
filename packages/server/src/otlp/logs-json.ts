import type { LogRecord } from '@coalmine/store'
import { ServerError } from '../errors.ts'
import { textOf } from './any-value.ts'
import { type Json, listAt, objectAt, optional, shown, textAt } from './json-fields.ts'
import { attributesAt, idAt, nanosecondsAt, valueAt } from './json-values.ts'
import { evaluationEvent, eventNameKey, type Logs, noLogs } from './logs.ts'
import { refusalOfTime, refuse, type TimeWindow, unknownService } from './refusals.ts'

/**
 * Reads the flag evaluations in an OTLP/JSON `ExportLogsServiceRequest`. For other records, only the name is read.
 *
 * Throws a ServerError of kind `malformed` that names the field.
 */
export function decodeLogsJson(request: unknown, window: TimeWindow): Logs {
  const logs = noLogs()
  const root = objectAt(request, 'the request')
  if (root['resourceLogs'] === undefined && Object.keys(root).length > 0)
    throw new ServerError('malformed', `expected an OTLP logs request, which has resourceLogs, got ${shown(request)}`)
  for (const [r, resourceLogs] of listAt(root['resourceLogs'], 'resourceLogs').entries()) {
    const at = `resourceLogs[${r}]`
    const { resource, scopeLogs, schemaUrl } = objectAt(resourceLogs, at)
    const attributes = attributesAt(
      optional(resource, objectAt, `${at}.resource`)?.['attributes'],
      `${at}.resource.attributes`,
    )
    for (const [s, scoped] of listAt(scopeLogs, `${at}.scopeLogs`).entries()) {
      const inScope = `${at}.scopeLogs[${s}]`
      const { scope, logRecords, schemaUrl: scopeSchemaUrl } = objectAt(scoped, inScope)
      const own = optional(scope, objectAt, `${inScope}.scope`) ?? {}
      const origin = {
        service: attributes['service.name'] || unknownService,
        resourceSchemaUrl: textAt(schemaUrl, `${at}.schemaUrl`),
        resource: attributes,
        scopeSchemaUrl: textAt(scopeSchemaUrl, `${inScope}.schemaUrl`),
        scopeName: textAt(own['name'], `${inScope}.scope.name`),
        scopeVersion: textAt(own['version'], `${inScope}.scope.version`),
        scopeAttributes: attributesAt(own['attributes'], `${inScope}.scope.attributes`),
      }
      for (const [n, item] of listAt(logRecords, `${inScope}.logRecords`).entries()) {
        const place = `${inScope}.logRecords[${n}]`
        const record = objectAt(item, place)
        if (nameOf(record, place) !== evaluationEvent) {
          logs.ignored++
          continue
        }
        const read = recordAt(record, place)
        const why = refusalOfTime(read.timeNs, window)
        if (why === undefined) logs.records.push({ ...origin, ...read })
        else refuse(logs.refusals, place, why)
      }
    }
  }
  return logs
}

function nameOf(record: Json, at: string): string {
  const name = textAt(record['eventName'], `${at}.eventName`)
  if (name !== '') return name
  for (const [index, item] of listAt(record['attributes'], `${at}.attributes`).entries()) {
    const { key, value } = objectAt(item, `${at}.attributes[${index}]`)
    if (key === eventNameKey) return textOf(valueAt(value, `${at}.attributes[${index}].value`))
  }
  return ''
}

type Own = Pick<
  LogRecord,
  | 'timeNs'
  | 'traceId'
  | 'spanId'
  | 'traceFlags'
  | 'severityText'
  | 'severityNumber'
  | 'body'
  | 'attributes'
  | 'eventName'
>

function recordAt(record: Json, at: string): Own {
  const { flags, severityNumber } = record
  const timeNs = nanosecondsAt(record['timeUnixNano'], `${at}.timeUnixNano`)
  const observedNs = nanosecondsAt(record['observedTimeUnixNano'], `${at}.observedTimeUnixNano`)
  return {
    timeNs: timeNs === 0n ? observedNs : timeNs,
    traceId: optionalIdAt(record['traceId'], `${at}.traceId`, 32),
    spanId: optionalIdAt(record['spanId'], `${at}.spanId`, 16),
    traceFlags: typeof flags === 'number' ? flags & 255 : 0,
    severityText: textAt(record['severityText'], `${at}.severityText`),
    // The severity does not matter for an evaluation.
    severityNumber: typeof severityNumber === 'number' ? severityNumber & 255 : 0,
    body: textOf(valueAt(record['body'], `${at}.body`)),
    attributes: attributesAt(record['attributes'], `${at}.attributes`),
    eventName: evaluationEvent,
  }
}

function optionalIdAt(value: unknown, at: string, digits: number): string {
  const id = value ? idAt(value, at, digits) : ''
  // A record outside any span may have zeros.
  return /^0+$/.test(id) ? '' : id
}
