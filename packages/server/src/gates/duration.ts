import { ServerError } from '../errors.ts'

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A time such as `30m` in milliseconds. Throws a ServerError of kind `usage` that names the key. */
export function durationOf(value: unknown, name: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(String(value))
  if (match) return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]
  throw new ServerError('usage', `${name}: expected a time such as 30m, got ${JSON.stringify(value)}`)
}
