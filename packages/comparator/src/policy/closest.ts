/**
 * The known word closest to a mistyped one: at most two edits away, and at most a third of its length.
 *
 * @example closest('alpah', ['alpha', 'alphaPass']) // 'alpha'
 */
export function closest(typed: string, known: readonly string[]): string | undefined {
  const near = known
    .map((word) => ({ word, distance: distance(typed.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.min(2, word.length / 3 + 0.5))
  return near.sort((a, b) => a.distance - b.distance)[0]?.word
}

/** Letters to insert, delete, replace or swap with the next (optimal string alignment). */
function distance(from: string, to: string): number {
  const rows: number[][] = []
  for (let i = 0; i <= from.length; i += 1) {
    const row: number[] = []
    for (let j = 0; j <= to.length; j += 1) {
      if (i === 0 || j === 0) {
        row.push(i + j)
        continue
      }
      const above = rows[i - 1]!
      const same = from[i - 1] === to[j - 1]
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      const least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1))
      row.push(swapped ? Math.min(least, rows[i - 2]![j - 2]! + 1) : least)
    }
    rows.push(row)
  }
  return rows[from.length]![to.length]!
}
