/**
 * Wraps a line between words to at most `width` characters; lines after the first are indented. Colour codes do not count, and
 * a word longer than `width` gets a line of its own.
 *
 * @example wrapped('note    The canary ran on one instance.', 24, 8) // ['note    The canary ran', '        on one instance.']
 */
export function wrapped(line: string, width: number | undefined, indent: number): string[] {
  if (width === undefined || seen(line) <= width) return [line]
  const lines: string[] = []
  let current = ''
  // Spaces before the first word and between columns are kept.
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    if (current !== '' && seen(current) + 1 + seen(word) > width) {
      lines.push(current)
      current = `${' '.repeat(indent)}${word}`
    } else current = current === '' ? word : `${current} ${word}`
  }
  return [...lines, current]
}

/** The visible length of a text, without colour codes. */
export const seen = (text: string): number => text.replace(/\x1b\[\d+m/g, '').length
