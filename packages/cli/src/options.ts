import { InvalidArgumentError, Option } from 'commander'

export function storeOption(): Option {
  return new Option('--store <dir|url>', 'the embedded store, or a ClickHouse URL')
    .env('COALMINE_STORE')
    .default('.coalmine')
}

export function serverOption(): Option {
  return new Option('--server <url>', 'a running coalmine server, instead of a store').env('COALMINE_SERVER')
}

export function tokenOption(): Option {
  return new Option('--token <token>', 'the token that the server asks for').env('COALMINE_TOKEN')
}

export function formatOption(): Option {
  return new Option('--format <format>', 'for people or for programs')
    .choices(['text', 'json'])
    .default('text')
    .env('COALMINE_FORMAT')
}

/** A length of time such as `90s`, `30m`, `2h`, `7d`, in milliseconds. */
export function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text)
  if (!match) throw new InvalidArgumentError('Expected a length of time such as 90s, 30m, 2h or 7d.')
  return Number(match[1]) * { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 's' | 'm' | 'h' | 'd']
}

/** A moment such as `2026-11-20T10:00:00Z`, as ISO 8601 in UTC. */
export function moment(text: string): string {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new InvalidArgumentError('Expected a moment such as 2026-11-20T10:00:00Z.')
  return new Date(time).toISOString()
}

export function port(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return value
}

export function probability(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && value < 1))
    throw new InvalidArgumentError('Expected a number between 0 and 1, such as 0.05.')
  return value
}

/** Collects repeated `--margin metric=values`. */
export function margin(text: string, all: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected metric=values, such as latency=10%,2ms.')
  return { ...all, [text.slice(0, at)]: text.slice(at + 1) }
}
