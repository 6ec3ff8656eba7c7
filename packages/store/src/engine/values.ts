import { quotedName } from '../traces.ts'
import type { Params, Tuple } from './engine.ts'

type Value = Params[string]

/** A bound value in a ClickHouse server's format: strings are unquoted, with the escapes of the tab-separated format. */
export function boundText(value: Value): string {
  return typeof value === 'string' ? escaped(value) : listed(value)
}

/**
 * Substitutes values into a statement's placeholders, as constants of their types. The embedded engine can bind values
 * too, but then runs such statements one at a time, whatever their connections.
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

// Inside a list, strings are quoted.
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
