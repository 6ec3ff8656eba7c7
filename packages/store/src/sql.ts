/**
 * A whole SQL statement. Interpolated texts are parts shared with other statements; they are indented to fit, so that the whole reads
 * as if written in one piece. Values are never interpolated: they are bound.
 *
 * sql`SELECT 1\n  WHERE ${'a\nAND b'}` // 'SELECT 1\n  WHERE a\n  AND b'
 */
export function sql(texts: TemplateStringsArray, ...shared: readonly string[]): string {
  let statement = texts[0]!
  for (const [at, text] of shared.entries()) {
    const line = statement.slice(statement.lastIndexOf('\n') + 1)
    const indentation = /^ */.exec(line)![0]
    statement += text.replaceAll('\n', `\n${indentation}`) + texts[at + 1]!
  }
  return statement
}
