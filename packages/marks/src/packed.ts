import type { Log } from './log.ts'

/**
 * Returns all flags of a log as one string, `a=on;b=off`, in the order of their first evaluation. `;`, `=` and `%` are
 * percent-encoded. The string is computed once for all spans, and all requests, that share the log.
 *
 * @example packedFlags(marks.log) // 'new-pricing=on;layout=grid'
 */
export function packedFlags(log: Log): string {
  if (log.packed !== undefined) return log.packed
  const flags = new Map<string, unknown>()
  for (const { flag, value } of log.marks) if (flag !== undefined) flags.set(flag, value)
  log.packed = [...flags].map(([flag, variant]) => pairOf(flag, String(variant))).join(';')
  return log.packed
}

// Encoding is the most expensive step here, and requests repeat each other's flags.
const pairs = new Map<string, Map<string, string>>()

function pairOf(flag: string, variant: string): string {
  const known = pairs.get(flag)?.get(variant)
  if (known !== undefined) return known
  const pair = `${encode(flag)}=${encode(variant)}`
  const variants = pairs.get(flag) ?? new Map<string, string>()
  if (pairs.size < 1000 && variants.size < 100) pairs.set(flag, variants.set(variant, pair))
  return pair
}

function encode(text: string): string {
  return text.replace(/[;=%]/g, encodeURIComponent)
}
