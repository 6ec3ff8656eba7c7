/**
 * Text from outside as it may stand in a terminal or in a pipeline's log: what moves the cursor, colours, hides or reorders what
 * is shown, or begins a line of its own, stands there as an escape that one can read. Service names, operations and attributes come
 * from spans, and spans come from anybody.
 *
 * @example printable('\u001b[2Jcart\n::error::') // '\\x1b[2Jcart\\n::error::'
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped).replace(commands, '\\x23')
}

/**
 * The same for every text in a value of plain data, keys as well.
 *
 * @example printableData({ service: 'shop\u0007' }) // { service: 'shop\\x07' }
 */
export function printableData<T>(value: T): T {
  return shown(value) as T
}

/**
 * A text of several lines, each of them printable, and none of them a command to the pipeline that shows the log.
 *
 * @example printableLines('one\n::error::two') // 'one\n\\x3a:error::two'
 */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line).replace(/^(\s*):(?=:)/, '$1\\x3a'))
    .join('\n')
}

/**
 * JSON in which every such character is an escape, so that it stays the same data.
 *
 * @example printableJson('\u009b') // '"\\u009b"'
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .replace(unprintableInJson, (character) => `\\u${hex(character, 4)}`)
    .replace(commands, '\\u0023')
}

// Controls, the marks that turn the direction of text, and what some programs take for the end of a line.
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

// Azure Pipelines, TeamCity and older runners of GitHub take these for commands wherever they stand in a line.
const commands = /#(?=#(?:\[|vso\[|teamcity\[))/g

// JSON escapes the first of them by itself, and has line breaks of its own.
const unprintableInJson = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escaped = (character: string): string =>
  short[character] ?? (character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`)

const hex = (character: string, digits: number): string => character.charCodeAt(0).toString(16).padStart(digits, '0')

function shown(value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [printable(key), shown(held)]))
}
