import { type Command, InvalidArgumentError, Option } from 'commander'
import { CommandError } from './exit-codes.ts'
import { reportFormats } from './output.ts'

/** `--store`, `.coalmine` by default. */
export function storeOption(): Option {
  return new Option('--store <dir|url>', 'the store: a directory, or the URL of a ClickHouse')
    .argParser(storePlace)
    .env('COALMINE_STORE')
    .default('.coalmine')
}

// An empty text is what an unset variable leaves, and the path of the folder that one happens to be in.
function storePlace(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Expected a directory or a URL, got an empty text.')
  if (/^~(\/|$)/.test(text))
    throw new InvalidArgumentError(`The shell left ~ as it is. Write $HOME, or ./${text} for a folder of that name.`)
  if (/^https?:(?!\/\/)/i.test(text))
    throw new InvalidArgumentError('Expected a directory, or a URL such as http://127.0.0.1:8123/coalmine.')
  return text
}

/** `--traces`, the table of spans in a ClickHouse. */
export function tracesOption(): Option {
  return new Option(
    '--traces <table>',
    'the table of spans in that ClickHouse, such as otel.spans (default: the one the store was made for, or otel_traces)',
  ).env('COALMINE_TRACES')
}

/** `--server`, the URL of a running server. */
export function serverOption(): Option {
  return new Option('--server <url>', 'ask a running coalmine server instead of a store')
    .argParser(httpUrl)
    .env('COALMINE_SERVER')
}

/** `--token`, which a running server may require. */
export function tokenOption(): Option {
  return new Option('--token <token>', 'the token that the server asks for').env('COALMINE_TOKEN')
}

/** `--format` of a verdict. */
export function verdictFormatOption(): Option {
  return new Option(
    '--format <format>',
    'text for people, json for programs, markdown for a pull request, junit for a pipeline, html for the page in one file',
  )
    .choices([...reportFormats])
    .default('text')
    .env('COALMINE_FORMAT')
}

/** `--format`, text or JSON. */
export function formatOption(): Option {
  return new Option('--format <format>', 'for people or for programs')
    .choices(['text', 'json'])
    .default('text')
    .env('COALMINE_FORMAT')
}

/** Adds the options of a command that asks a server: the store or the server, its token, and `--format`. */
export function addServerOptions(command: Command, { traces = false }: { readonly traces?: boolean } = {}): Command {
  command.addOption(storeOption())
  if (traces) command.addOption(tracesOption())
  return command.addOption(serverOption()).addOption(tokenOption()).addOption(formatOption())
}

/** `--columns`, which may be given several times. */
export function columnsOption(): Option {
  return new Option(
    '--columns <what=column>',
    'for Parquet and CSV: what the columns are, such as start=when:ms,service:=checkout; may be repeated',
  )
    .argParser((text: string, all: readonly string[] = []): readonly string[] => [...all, text])
    .env('COALMINE_COLUMNS')
}

/** Makes options exclude each other. A flag overrides the environment; two flags, or two variables, are an error. */
export function excludeEachOther(command: Command, one: string, others: readonly string[]): void {
  const source = (name: string): string | undefined => {
    const found = command.getOptionValueSource(name)
    return found === 'default' ? undefined : found
  }
  for (const other of others) {
    if (!source(one) || !source(other)) continue
    if (source(one) === source(other)) {
      throw new CommandError('usage', `--${one} cannot be used with --${flagOf(other)}: give one of them`)
    }
    command.setOptionValue(source(one) === 'env' ? one : other, undefined)
  }
}

/** Converts an option's name to the flag as typed. */
function flagOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Parses an HTTP or HTTPS URL. Like all parsers here, throws commander's InvalidArgumentError for invalid text. */
export function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('Expected a URL such as http://127.0.0.1:4318.')
  return text
}

/** Parses a duration such as `90s`, `30m`, `2h` or `7d` into milliseconds. */
export function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text)
  if (!match) throw new InvalidArgumentError('Expected a length of time such as 90s, 30m, 2h or 7d.')
  return Number(match[1]) * { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 's' | 'm' | 'h' | 'd']
}

/** Parses a duration greater than zero, for the length of a window. */
export function windowMilliseconds(text: string): number {
  const value = milliseconds(text)
  if (value === 0) throw new InvalidArgumentError('Expected a length of time above zero, such as 90s, 30m, 2h or 7d.')
  return value
}

/** Parses a duration in whole days, such as `14d`. */
export function days(text: string): number {
  const value = Number(/^(\d+)d$/.exec(text)?.[1])
  if (!(value >= 1 && value <= 3650)) throw new InvalidArgumentError('Expected days from 1d to 3650d, such as 14d.')
  return value
}

/** Parses a size such as `128MB` or `2GB` into bytes; 0 is allowed. */
export function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(MB|GB)$/.exec(text)
  if (!match && text !== '0') throw new InvalidArgumentError('Expected a size such as 128MB or 2GB, or 0.')
  return match ? Number(match[1]) * { MB: 1_000_000, GB: 1_000_000_000 }[match[2] as 'MB' | 'GB'] : 0
}

/** Parses a time such as `2026-11-20T10:00:00Z` into ISO 8601 in UTC. */
export function moment(text: string): string {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new InvalidArgumentError('Expected a moment such as 2026-11-20T10:00:00Z.')
  return new Date(time).toISOString()
}

/** Parses a whole number above zero. */
export function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number above zero.')
  return value
}

/** Parses a port, 0 for any free one. */
export function port(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return value
}

/** Parses a number between 0 and 1, exclusive. */
export function probability(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && value < 1))
    throw new InvalidArgumentError('Expected a number between 0 and 1, such as 0.05.')
  return value
}

/** Collects repeated `--margin metric=values`; COALMINE_MARGIN holds several, separated by spaces. */
export function margin(text: string, all: Record<string, string> = {}): Record<string, string> {
  const each = text
    .trim()
    .split(/\s+(?=[^\s=]+=)/)
    .map((one) => /^([^=]+)=(.*)$/s.exec(one))
    .map((parts): [string, string] => {
      if (parts) return [parts[1] as string, parts[2] as string]
      throw new InvalidArgumentError('Expected metric=values, such as latency=10%,2ms.')
    })
  return { ...all, ...Object.fromEntries(each) }
}

/** Collects repeated `--label name=value`. */
export function label(text: string, all: Record<string, string> = {}): Record<string, string> {
  const parts = /^([^=]+)=(.*)$/s.exec(text)
  if (!parts) throw new InvalidArgumentError('Expected name=value, such as commit=abc123.')
  return { ...all, [parts[1]!]: parts[2]! }
}
