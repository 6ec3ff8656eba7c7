import { readFile } from 'node:fs/promises'
import { ofYesterday } from './spans.ts'

/** The statements that make a store as the release before schema versions left it: its tables, its views, one closed tick. */
export async function version1(): Promise<readonly string[]> {
  const text = await readFile(new URL('version-1.sql', import.meta.url), 'utf8')
  return ofYesterday(text)
    .replace(/^--.*\n/, '')
    .split(/;\n+/)
    .filter((statement) => statement.trim() !== '')
}
