import type { Attributes } from '@coalmine/store'
import { maxDepth, textOf, type Value } from './any-value.ts'
import { listAt, objectAt, textAt, wrong } from './json-fields.ts'

/** A list of keys and values, each value as it is stored, as a string. */
export function attributesAt(list: unknown, at: string): Attributes {
  const attributes: Record<string, string> = Object.create(null)
  const items = listAt(list, at)
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (isPlain(item)) {
      attributes[item.key] = item.value.stringValue
      continue
    }
    const { key, value } = objectAt(item, `${at}[${index}]`)
    attributes[textAt(key, `${at}[${index}].key`)] = textOf(valueAt(value, `${at}[${index}].value`))
  }
  return attributes
}

// Nearly all attributes are a key and a string, which are valid and need no path for an error message.
function isPlain(item: unknown): item is { readonly key: string; readonly value: { readonly stringValue: string } } {
  const { key, value } = (item ?? {}) as { readonly key?: unknown; readonly value?: { readonly stringValue?: unknown } }
  return typeof key === 'string' && typeof value?.stringValue === 'string'
}

/** A JSON `AnyValue`; null if it is missing. */
export function valueAt(value: unknown, at: string, depth: number = 0): Value {
  if (depth > maxDepth) throw wrong(at, `values nested at most ${maxDepth} deep`, value)
  if (value === undefined || value === null) return null
  const [kind, inner] = Object.entries(objectAt(value, at)).find(([, held]) => held !== null) ?? ['', undefined]
  switch (kind) {
    case '':
      return null
    case 'stringValue':
      return textAt(inner, `${at}.stringValue`)
    case 'boolValue':
      if (typeof inner !== 'boolean') throw wrong(`${at}.boolValue`, 'true or false', inner)
      return inner
    case 'intValue':
      return integerAt(inner, `${at}.intValue`)
    case 'doubleValue':
      return doubleAt(inner, `${at}.doubleValue`)
    case 'bytesValue':
      return textAt(inner, `${at}.bytesValue`)
    case 'arrayValue':
      return listAt(objectAt(inner, `${at}.arrayValue`)['values'], `${at}.arrayValue.values`).map((item, index) =>
        valueAt(item, `${at}.arrayValue.values[${index}]`, depth + 1),
      )
    case 'kvlistValue':
      return Object.fromEntries(
        listAt(objectAt(inner, `${at}.kvlistValue`)['values'], `${at}.kvlistValue.values`).map((item, index) => {
          const place = `${at}.kvlistValue.values[${index}]`
          const entry = objectAt(item, place)
          return [textAt(entry['key'], `${place}.key`), valueAt(entry['value'], `${place}.value`, depth + 1)]
        }),
      )
    default:
      throw wrong(at, 'an OTLP value such as {"stringValue": "..."}', value)
  }
}

/** An id of a number of hex digits, in lower case. */
export function idAt(value: unknown, at: string, digits: number): string {
  if (typeof value !== 'string' || value.length !== digits || !/^[\da-f]+$/i.test(value))
    throw wrong(at, `${digits} hex digits`, value)
  return value.toLowerCase()
}

/** An optional id; empty if it is missing. Protobuf's empty id counts as missing. */
export function maybeIdAt(value: unknown, at: string, digits: number): string {
  return value === undefined || value === null || value === '' ? '' : idAt(value, at, digits)
}

/** A time in nanoseconds since 1970; 0 if it is missing. */
export function nanosecondsAt(value: unknown, at: string): bigint {
  const time = value === undefined || value === null ? 0n : integerAt(value, at)
  if (time < 0n || time > 0xffffffffffffffffn) throw wrong(at, 'nanoseconds since 1970', value)
  return time
}

function integerAt(value: unknown, at: string): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value)
  throw wrong(at, 'a whole number, or one as a text', value)
}

function doubleAt(value: unknown, at: string): number {
  if (typeof value === 'number') return value
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  throw wrong(at, 'a number', value)
}
