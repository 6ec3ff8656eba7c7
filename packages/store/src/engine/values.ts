import { quotedName } from '../traces.ts'
import type { Params, Tuple } from './engine.ts'

type Value = Params[string]

/** A bound value as a ClickHouse server takes it: a text stands as it is, but for what its tab-separated format escapes. */
export function boundText(value: Value): string {
  return typeof value === 'string' ? escaped(value) : listed(value)
}

/**
 * A statement with its values in the places that are for them, as constants of their types. The embedded engine binds values
 * too, but of all statements that have some it runs one at a time, whatever their connections.
 *
 * withValues('SELECT {name:String}', { name: "it's" }) // "SELECT 'it\\'s'"
 */
export function withValues(statement: string, params: Params): string {
  return statement.replace(/\{(\w+):([^{}]+)\}/g, (place, name: string, type: string) => {
    const value = params[name]
    return value === undefined ? place : constant(value, type)
  })
}

function constant(value: Value, type: string): string {
  if (type === 'Identifier') return quotedName(String(value))
  if (type === 'String') return quote(String(value))
  if (type === 'Bool') return String(value)
  return `CAST(${typeof value === 'object' ? quote(listed(value)) : String(value)}, ${quote(type)})`
}

// Inside of a list a text is in quotes.
function listed(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(listed).join(',')}]`
  if (isTuple(value)) return `(${value.tuple.map(listed).join(',')})`
  return typeof value === 'string' ? quote(value) : String(value)
}

const isTuple = (value: unknown): value is Tuple => typeof value === 'object' && value !== null && 'tuple' in value

const quote = (text: string): string => `'${escaped(text)}'`

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

const escaped = (value: string): string => value.replace(/[\\'\0\n\r\t]/g, (char) => escapes[char]!)
