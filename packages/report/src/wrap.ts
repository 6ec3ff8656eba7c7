/**
 * A line as lines of at most so many letters, broken between words; those after the first are indented. Colours take no room, and
 * a word that is longer than a line has one for itself.
 *
 * @example wrapped('note    The canary ran on one instance.', 24, 8) // ['note    The canary ran', '        on one instance.']
 */
export function wrapped(line: string, width: number | undefined, indent: number): string[] {
  if (width === undefined || seen(line) <= width) return [line]
  const lines: string[] = []
  let current = ''
  // What stands before the first word, and between columns, stays as it is.
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    if (current !== '' && seen(current) + 1 + seen(word) > width) {
      lines.push(current)
      current = `${' '.repeat(indent)}${word}`
    } else current = current === '' ? word : `${current} ${word}`
  }
  return [...lines, current]
}

/** How many letters of a text are seen. */
export const seen = (text: string): number => text.replace(/\x1b\[\d+m/g, '').length
