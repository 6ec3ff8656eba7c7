import { ServerError } from '../errors.ts'

/** An object from JSON, whose fields have not been checked. */
export interface Json {
  readonly [key: string]: unknown
}

/** An object; throws a ServerError of kind `malformed` that names the place for anything else. */
export function objectAt(value: unknown, at: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(at, 'an object', value)
  return value as Json
}

/** A list; empty if it is missing. */
export function listAt(value: unknown, at: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw wrong(at, 'a list', value)
  return value
}

/** The value as parsed by `read`; undefined if it is missing. */
export function optional<T>(value: unknown, read: (value: unknown, at: string) => T, at: string): T | undefined {
  return value === undefined || value === null ? undefined : read(value, at)
}

/** A string; empty if it is missing. */
export function textAt(value: unknown, at: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw wrong(at, 'a text', value)
  return value
}

/** The error of a field that is not as expected. */
export const wrong = (at: string, expected: string, got: unknown): ServerError =>
  new ServerError('malformed', `${at}: expected ${expected}, got ${shown(got)}`)

/** A value for an error message, cut short. */
export function shown(value: unknown): string {
  const text = written(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

function written(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'nothing'
  } catch {
    // JSON is parsed to any depth, but can be written only as deep as the stack allows.
    return 'something nested too deep to show'
  }
}
