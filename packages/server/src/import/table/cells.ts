import type { Attributes, SpanKind, SpanStatus } from '@coalmine/store'
import { shown } from '../../otlp/json-fields.ts'
import type { Unit } from './columns.ts'
import { literalOf } from './literal.ts'

// A cell with an unexpected value throws a TypeError that says what was expected.

const wrong = (expected: string, got: unknown): TypeError => new TypeError(`expected ${expected}, got ${shown(got)}`)

const nsDigits: Readonly<Record<Unit, number>> = { ns: 0, us: 3, ms: 6, s: 9 }

/**
 * A moment in nanoseconds since 1970: a time of the engine, ISO 8601 text (in UTC if it names no zone), or a number. The unit of a
 * bare number follows from its size, because seconds and milliseconds of this century cannot be confused.
 */
export function momentOf(value: unknown, type: string | undefined, unit: Unit | undefined): bigint {
  if (type && /DateTime/.test(type)) return scaled(String(value), 's') ?? fail('a moment', value)
  if (type && /\bDate(32)?\b/.test(type)) throw wrong('a time of day too', value)
  const text = String(value).trim()
  if (numberPattern.test(text)) {
    const found = unit ?? unitOfMoment(Math.abs(Number(text)))
    if (!found) throw wrong('a moment whose unit is clear; give the unit, such as :ms', value)
    return scaled(text, found)!
  }
  return isoOf(text) ?? fail('a moment, such as 2026-11-20T10:00:00.123Z', value)
}

/** A length of time in nanoseconds: a number of units, or a text with its own unit, such as `12.5ms`. */
export function lengthOf(value: unknown, unit: Unit | undefined): bigint {
  const [, number, own] = /^(.*?)\s*(ns|us|µs|ms|s)?$/.exec(String(value).trim())!
  const found = own ? (own.replace('µ', 'u') as Unit) : unit
  if (!found) throw wrong('a length of time with its unit; give the unit, such as :ms', value)
  const length = scaled(number!, found)
  if (length === undefined || length < 0n) throw wrong('a length of time', value)
  return length
}

/** An id of a number of hex digits, from text, a whole number or bytes; dashes, as in a UUID, are ignored. */
export function idOf(value: unknown, type: string | undefined, digits: number): string {
  if (isEmpty(value)) return ''
  if (type && /\bU?Int\d+\b/.test(type))
    return BigInt.asUintN(64, BigInt(String(value)))
      .toString(16)
      .padStart(digits, '0')
  const bytes = Number(/FixedString\((\d+)\)/.exec(type ?? '')?.[1])
  const hex = String(value).replaceAll('-', '').toLowerCase()
  if (bytes * 2 === digits) return Buffer.from(String(value), 'latin1').toString('hex')
  if (hex.length > digits || !/^[\da-f]*$/.test(hex)) throw wrong(`up to ${digits} hex digits`, value)
  return /^0*$/.test(hex) ? '' : hex.padStart(digits, '0')
}

const kinds: readonly SpanKind[] = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']

/** A span kind, by name or by its OTLP number. */
export function kindOf(value: unknown): SpanKind {
  if (isEmpty(value)) return 'Unspecified'
  const text = String(value)
    .replace(/^SPAN_KIND_/i, '')
    .toLowerCase()
  const kind = kinds.find((one, number) => one.toLowerCase() === text || String(number) === text)
  return kind ?? fail('server, client, internal, producer or consumer', value)
}

const statuses: Readonly<Record<string, SpanStatus>> = {
  unset: 'Unset',
  ok: 'Ok',
  error: 'Error',
  '0': 'Unset',
  '1': 'Ok',
  '2': 'Error',
  false: 'Unset',
  true: 'Error',
}

/** A span status, by name, by its OTLP number, or from a boolean that says whether there was an error. */
export function statusOf(value: unknown): SpanStatus {
  if (isEmpty(value)) return 'Unset'
  const text = String(value)
    .replace(/^STATUS_CODE_/i, '')
    .toLowerCase()
  return statuses[text] ?? fail('unset, ok or error (an HTTP status is attribute.http.response.status_code)', value)
}

/** Adds the attributes in a cell: a map or a structure, or the JSON or ClickHouse text of one. */
export function addAttributes(to: Record<string, string>, value: unknown): void {
  if (isEmpty(value)) return
  const found = typeof value === 'string' ? literalOf(value) : value
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw wrong('attributes, as JSON such as {"http.route":"/cart"}', value)
  flatten(to, found, '')
}

/** Adds one attribute; nothing if the cell is empty. */
export function addAttribute(to: Record<string, string>, key: string, value: unknown): void {
  if (!isEmpty(value)) to[key] = textOf(value)
}

/** A cell as text. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A list of a nested column. */
export function listOf(value: unknown): readonly unknown[] {
  if (isEmpty(value)) return []
  const found = typeof value === 'string' ? literalOf(value) : value
  return Array.isArray(found) ? found : fail('a list', value)
}

/** A map of a nested column. */
export function mapOf(value: unknown): Attributes {
  const attributes: Record<string, string> = Object.create(null)
  addAttributes(attributes, value)
  return attributes
}

function flatten(to: Record<string, string>, value: object, prefix: string): void {
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) flatten(to, inner, `${prefix}${key}.`)
    else if (inner !== null) to[prefix + key] = textOf(inner)
  }
}

const numberPattern = /^-?\d+(\.\d*)?(e[+-]?\d+)?$/i

function unitOfMoment(value: number): Unit | undefined {
  return (['s', 'ms', 'us', 'ns'] as const).find(
    (_, index) => value >= 1e8 * 1e3 ** index && value < 1e11 * 1e3 ** index,
  )
}

/** A decimal number of units, in nanoseconds, without floating-point rounding; undefined if it is not a number. */
function scaled(text: string, unit: Unit): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text) ?? []
  const digits = nsDigits[unit]
  if (whole === undefined) return numberPattern.test(text) ? BigInt(Math.round(Number(text) * 10 ** digits)) : undefined
  const value = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  return sign ? -value : value
}

const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(?:(Z|UTC|GMT)|([+-]\d\d):?(\d\d)?)?$/i

function isoOf(text: string): bigint | undefined {
  const [, day, time, fraction = '', , hours, minutes = '00'] = iso.exec(text) ?? []
  if (!day) return undefined
  const milliseconds = Date.parse(`${day}T${time}${hours ? `${hours}:${minutes}` : 'Z'}`)
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}

const isEmpty = (value: unknown): boolean => value === null || value === undefined || value === ''

function fail(expected: string, got: unknown): never {
  throw wrong(expected, got)
}
