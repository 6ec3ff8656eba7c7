import type { Mark, Marks } from './marks.ts'

/**
 * All flags of a request in one text, `a=on;b=off`, in the order in which they were evaluated first. `;`, `=` and `%`
 * are percent-encoded. It is put together once for all spans, and grows with the log.
 */
export function packedFlags(marks: Marks): string {
  const { log, packed } = marks
  const before = packed.at(-1) ?? ''
  let text = before
  for (; marks.packedAt < log.length; marks.packedAt++) {
    const { flag, value, replaced } = log[marks.packedAt] as Mark
    if (flag === undefined) continue
    const pair = pairOf(flag, String(value))
    if (replaced === undefined) text = text === '' ? pair : `${text};${pair}`
    else text = replacePair(text, pairOf(flag, String(replaced)), pair)
  }
  if (text !== before) packed.push(text)
  return text
}

/** Whether an attribute is the request's flags, as they are or as they were. */
export function isPacked(marks: Marks, value: unknown): boolean {
  return value === undefined || marks.packed.includes(value as string)
}

function replacePair(packed: string, before: string, after: string): string {
  return packed
    .split(';')
    .map((pair) => (pair === before ? after : pair))
    .join(';')
}

// Encoding costs more than all else here, and requests repeat each other's flags.
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
