/**
 * Aligns rows into columns, two spaces apart. Colour codes do not count towards widths.
 *
 * @example table([['a', 'bb'], ['ccc', 'd']]) // ['a    bb', 'ccc  d']
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((max, row) => row.map((cell, i) => Math.max(max[i] ?? 0, width(cell))), [])
  return rows.map((row) =>
    row
      .map((cell, i) => cell + ' '.repeat(widths[i]! - width(cell)))
      .join('  ')
      .trimEnd(),
  )
}

function width(cell: string): number {
  return cell.replace(/\x1b\[\d+m/g, '').length
}
