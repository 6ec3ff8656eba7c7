/**
 * Makes untrusted text safe for a terminal or a pipeline's log: characters that move the cursor, that colour, hide or reorder text,
 * or that begin a new line become readable escapes. Service names, operations and attributes come from spans, and anybody can
 * send spans.
 *
 * @example printable('\u001b[2Jcart\n::error::') // '\\x1b[2Jcart\\n::error::'
 */
export function printable(text: string): string {
  return text.replace(unprintable, escaped).replace(commands, '\\x23')
}

/**
 * Applies `printable` to every string in plain data, keys included.
 *
 * @example printableData({ service: 'shop\u0007' }) // { service: 'shop\\x07' }
 */
export function printableData<T>(value: T): T {
  return shown(value) as T
}

/**
 * Makes text of several lines printable, line by line, so that no line acts as a command to the pipeline that shows the log.
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
 * Formats JSON with every unprintable character escaped; the data stays the same.
 *
 * @example printableJson('\u009b') // '"\\u009b"'
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2)
    .replace(unprintableInJson, (character) => `\\u${hex(character, 4)}`)
    .replace(commands, '\\u0023')
}

// Control characters, direction marks, and characters that some programs treat as line ends.
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

// Azure Pipelines, TeamCity and older GitHub runners treat these as commands anywhere in a line.
const commands = /#(?=#(?:\[|vso\[|teamcity\[))/g

// JSON.stringify already escapes C0 controls, and adds line breaks of its own.
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
