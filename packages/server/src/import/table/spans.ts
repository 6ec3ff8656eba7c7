import { createHash } from 'node:crypto'
import type { Attributes, Span } from '@coalmine/store'
import { ServerError } from '../../errors.ts'
import { unknownService } from '../../otlp/refusals.ts'
import {
  addAttribute,
  addAttributes,
  idOf,
  kindOf,
  lengthOf,
  listOf,
  mapOf,
  momentOf,
  statusOf,
  textOf,
} from './cells.ts'
import { type Chosen, type Column, chooseColumns, type From, type Role } from './columns.ts'

/** Reads rows of one table as spans. */
export interface SpanReader {
  /** A row's span; throws a ServerError of kind `malformed` that names the column. `line` tells rows apart that are alike. */
  readonly span: (cells: readonly unknown[], line: number) => Span
  /** Notes for the person who imports the table. */
  readonly notes: readonly string[]
}

/**
 * Reads the rows of a table as spans; `spec` maps its columns, see `chooseColumns`. A row without ids gets ids derived from its
 * contents, so that it is the same span when the file is imported again.
 *
 * Throws a ServerError of kind `usage` if the columns do not make spans.
 */
export function spanReader(columns: readonly Column[], spec: string): SpanReader {
  const chosen = chooseColumns(columns, spec)
  const nested = nestedReader(columns)
  const { roles } = chosen
  const read = <T>(cells: readonly unknown[], role: Role, parse: (value: unknown, from: From) => T): T | undefined => {
    const from = roles.get(role)
    return from && at(cells, from, (value) => parse(value, from))
  }
  const span = (cells: readonly unknown[], line: number): Span => {
    const startNs = read(cells, 'start', (value, from) => momentOf(value, typeOf(from), unitOf(from)))!
    const durationNs =
      read(cells, 'duration', (value, from) => lengthOf(value, unitOf(from))) ??
      read(cells, 'end', (value, from) => {
        const endNs = momentOf(value, typeOf(from), unitOf(from))
        if (endNs < startNs) throw new TypeError('the end is before the start')
        return endNs - startNs
      })!
    const id = (role: Role, digits: number): string =>
      read(cells, role, (value, from) => idOf(value, typeOf(from), digits)) ?? ''
    const traceId = id('trace', 32)
    const spanId = id('span', 16)
    const made = traceId && spanId ? '' : madeOf(cells, line)
    const service = read(cells, 'service', textOf) || unknownService
    const { attributes, resource } = attributesOf(cells, chosen)
    return {
      service,
      resource: { ...resource, 'service.name': service },
      scopeName: read(cells, 'scope', textOf) ?? '',
      scopeVersion: read(cells, 'version', textOf) ?? '',
      traceId: traceId || made.slice(0, 32),
      spanId: spanId || made.slice(32, 48),
      parentSpanId: id('parent', 16),
      traceState: read(cells, 'state', textOf) ?? '',
      name: read(cells, 'name', textOf)!,
      kind: read(cells, 'kind', kindOf) ?? 'Unspecified',
      startNs,
      durationNs,
      attributes,
      status: read(cells, 'status', statusOf) ?? 'Unset',
      statusMessage: read(cells, 'message', textOf) ?? '',
      ...nested(cells),
    }
  }
  return { span, notes: roles.has('trace') ? [] : [noTraces] }
}

const noTraces = 'no column is a trace id, so each row is taken for a request of its own (--columns trace=<column>)'

function attributesOf(
  cells: readonly unknown[],
  { roles, attributes }: Chosen,
): { readonly attributes: Attributes; readonly resource: Attributes } {
  const found = { attribute: newAttributes(), resource: newAttributes() }
  for (const [role, of] of [
    ['attributes', 'attribute'],
    ['resource', 'resource'],
  ] as const) {
    const from = roles.get(role)
    if (from) at(cells, from, (value) => addAttributes(found[of], value))
  }
  for (const { of, key, from } of attributes) addAttribute(found[of], key, cellOf(cells, from))
  return { attributes: found.attribute, resource: found.resource }
}

const newAttributes = (): Record<string, string> => Object.create(null)

/** Events and links, if the table has them as the Collector's does: a list in each of their columns. */
function nestedReader(columns: readonly Column[]): (cells: readonly unknown[]) => Pick<Span, 'events' | 'links'> {
  const list = (name: string): ((cells: readonly unknown[]) => readonly unknown[]) => {
    const index = columns.findIndex((column) => column.name === name)
    if (index < 0) return () => []
    return (cells) => at(cells, { index, name, type: undefined, unit: undefined }, listOf)
  }
  const typeOfTimes = columns.find(({ name }) => name === 'Events.Timestamp')?.type
  const times = list('Events.Timestamp')
  const names = list('Events.Name')
  const eventAttributes = list('Events.Attributes')
  const traceIds = list('Links.TraceId')
  const spanIds = list('Links.SpanId')
  const states = list('Links.TraceState')
  const linkAttributes = list('Links.Attributes')
  return (cells) => ({
    events: names(cells).map((name, index) => ({
      timeNs: momentOf(times(cells)[index], typeOfTimes, undefined),
      name: textOf(name),
      attributes: mapOf(eventAttributes(cells)[index]),
    })),
    links: spanIds(cells).map((spanId, index) => ({
      traceId: idOf(traceIds(cells)[index], undefined, 32),
      spanId: idOf(spanId, undefined, 16),
      traceState: textOf(states(cells)[index]),
      attributes: mapOf(linkAttributes(cells)[index]),
    })),
  })
}

function at<T>(cells: readonly unknown[], from: From, parse: (value: unknown) => T): T {
  try {
    return parse(cellOf(cells, from))
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    const place = 'name' in from ? `column "${from.name}"` : `"${from.text}"`
    throw new ServerError('malformed', `${place}: ${cause.message}`, { cause })
  }
}

const cellOf = (cells: readonly unknown[], from: From): unknown => ('text' in from ? from.text : cells[from.index])

const typeOf = (from: From): string | undefined => ('index' in from ? from.type : undefined)
const unitOf = (from: From) => ('index' in from ? from.unit : undefined)

const madeOf = (cells: readonly unknown[], line: number): string =>
  createHash('sha256')
    .update(JSON.stringify([line, cells]))
    .digest('hex')
