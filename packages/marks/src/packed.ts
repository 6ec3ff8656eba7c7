import type { Mark, Marks } from './marks.ts'

/**
 * All flags of a request in one text, `a=on;b=off`, in the order in which they were evaluated first. `;`, `=` and `%`
 * are percent-encoded. It is put together once for all spans, and grows with the log.
 */
export function packedFlags(marks: Marks): string {
  const { log } = marks
  for (; marks.packedAt < log.length; marks.packedAt++) {
    const { flag, value, replaced } = log[marks.packedAt] as Mark
    if (flag === undefined) continue
    const pair = `${encode(flag)}=${encode(value)}`
    if (replaced === undefined) marks.packed += marks.packed === '' ? pair : `;${pair}`
    else marks.packed = replacePair(marks.packed, `${encode(flag)}=${encode(replaced)}`, pair)
  }
  return marks.packed
}

function replacePair(packed: string, before: string, after: string): string {
  return packed
    .split(';')
    .map((pair) => (pair === before ? after : pair))
    .join(';')
}

function encode(text: string | boolean): string {
  return String(text).replace(/[;=%]/g, encodeURIComponent)
}
