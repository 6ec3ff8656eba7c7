/**
 * A statement as it stands. What is put into it is a text that it shares with others, and gets the indentation of its place,
 * so that the whole reads as if it had been written there. Values are never put in: they are bound.
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
