import { FLAG_PREFIX, TEST, TEST_ENTITY, TEST_RUN, VIA_PREFIX } from '@coalmine/marks/attributes'
import { StoreError } from './errors.ts'

/**
 * One condition of a cohort: an attribute of the span (or of its resource, if the span lacks a bare key) has this value; if
 * `negated`, it has another value or none.
 */
export interface Condition {
  readonly from: 'span' | 'resource'
  readonly key: string
  readonly value: string
  readonly negated?: boolean
}

/**
 * Reads a selector: conditions joined by commas, all of which must hold. `key=value` is a span attribute, or else a
 * resource attribute; `flag:key=variant` a feature flag; `via:service=version` a build that the request came through on
 * its way here; `resource:key=value` a resource attribute only. `!=` matches any other value, or none. If a
 * key or value contains a comma, `=` or `%`, it is percent-encoded.
 *
 * Throws a StoreError of kind `usage` that says which part is wrong.
 *
 * @example
 * parseSelector('service.version=2.0.0,flag:new-pricing=on')
 * // [{ from: 'span', key: 'service.version', value: '2.0.0' },
 * //  { from: 'span', key: 'coalmine.flag.new-pricing', value: 'on' }]
 */
export function parseSelector(text: string): Condition[] {
  const parts = text.split(',')
  const conditions = parts.map((part, index) =>
    parseCondition(part, parts.length === 1 ? `selector "${text}"` : `selector "${text}", part ${index + 1}`),
  )
  for (const [index, { from, key }] of conditions.entries()) {
    if (conditions.findIndex((other) => other.key === key && other.from === from) < index)
      throw new StoreError(
        'usage',
        `selector "${text}": ${key} is there twice, but a request has one value for each key`,
      )
  }
  return conditions
}

/**
 * Writes conditions as a selector that `parseSelector` reads back, flags in their short form.
 *
 * @example formatSelector([{ from: 'span', key: 'coalmine.flag.new-pricing', value: 'on' }]) // 'flag:new-pricing=on'
 */
export function formatSelector(conditions: readonly Condition[]): string {
  return conditions
    .map(({ from, key, value, negated = false }) => `${named(from, key)}${negated ? '!=' : '='}${encode(value)}`)
    .join(',')
}

function named(from: Condition['from'], key: string): string {
  if (from === 'resource') return `resource:${encodeKey(key)}`
  for (const [name, prefix] of Object.entries(prefixes))
    if (key.startsWith(prefix) && key.length > prefix.length) return `${name}:${encodeKey(key.slice(prefix.length))}`
  return encodeKey(key)
}

const prefixes: Readonly<Record<string, string>> = { flag: FLAG_PREFIX, via: VIA_PREFIX }

/**
 * The key of the flag whose variant a condition names, without the attribute's prefix; undefined for any other condition.
 *
 * @example flagOf({ from: 'span', key: 'coalmine.flag.new-pricing', value: 'on' }) // 'new-pricing'
 */
export function flagOf(condition: Condition): string | undefined {
  if (condition.from !== 'span' || condition.negated || !condition.key.startsWith(FLAG_PREFIX)) return undefined
  return condition.key.slice(FLAG_PREFIX.length)
}

/** Whether a condition asks for test traffic, such as that of one run: `coalmine.test.run=load-7`. */
export function isAboutTests({ from, key, negated }: Condition): boolean {
  return from === 'span' && !negated && testKeys.includes(key)
}

const testKeys: readonly string[] = [TEST, TEST_RUN, TEST_ENTITY]

/** A suggested correction: a bare version means a build. */
function exampleFor(part: string): string {
  return /^v?\d+(\.[\w-]+)*$/.test(part)
    ? `so write service.version=${part}`
    : 'such as service.version=1.0.0 or flag:new-pricing=on'
}

function parseCondition(part: string, at: string): Condition {
  const equals = part.indexOf('=')
  if (equals < 0) throw new StoreError('usage', `${at}: expected key=value, ${exampleFor(part.trim())}`)
  const negated = part[equals - 1] === '!'
  const name = part.slice(0, negated ? equals - 1 : equals).trim()
  const prefixed = /^(flag|via|resource):(.*)$/s.exec(name)
  const key = decode(prefixed ? prefixed[2]! : name, at)
  const value = decode(part.slice(equals + 1).trim(), at)
  if (key === '') throw new StoreError('usage', `${at}: the key is missing before "${negated ? '!=' : '='}"`)
  if (value === '') throw new StoreError('usage', `${at}: the value of ${key} is missing after "="`)
  const from = prefixed?.[1] === 'resource' ? 'resource' : 'span'
  const prefix = prefixes[prefixed?.[1] ?? ''] ?? ''
  return { from, key: prefix + key, value, ...(negated && { negated }) }
}

function decode(text: string, at: string): string {
  if (text.includes('=')) throw new StoreError('usage', `${at}: write "=" inside a key or value as %3D`)
  try {
    return decodeURIComponent(text)
  } catch {
    throw new StoreError('usage', `${at}: "${text}" is not percent-encoded UTF-8; write "%" itself as %25`)
  }
}

const encode = (text: string): string => text.replace(/[%,=\s]/g, encodeURIComponent)

// An ordinary key may begin with "flag:"; encoding its colon keeps it from being read as the prefix.
const encodeKey = (text: string): string => encode(text).replaceAll(':', '%3A').replace(/!$/, '%21')
