import type { Engine } from './engine/engine.ts'
import { importSoFar, rememberImport } from './queries/imports.ts'

/** How far the import of a file has come: what stands up to here is stored. */
export interface ImportProgress<Totals> {
  /** The last line, message or row that is stored. */
  readonly line: number
  /** Where the next one begins; 0 where that is not known. */
  readonly bytes: number
  readonly finished: boolean
  /** What came of it so far. */
  readonly totals: Totals
}

/** Remembers how far a file has come. `totals` must be plain JSON, and is what `importProgress` gives back. */
export async function rememberProgress<Totals>(
  engine: Engine,
  file: string,
  { line, bytes, finished, totals }: ImportProgress<Totals>,
): Promise<void> {
  await engine.write(rememberImport, { file, line, bytes, finished, totals: JSON.stringify(totals) })
}

/** How far a file has come; undefined when nothing of it is stored. */
export async function importProgress<Totals>(
  engine: Engine,
  file: string,
): Promise<ImportProgress<Totals> | undefined> {
  const [row] = await engine.read<Omit<ImportProgress<Totals>, 'totals'> & { totals: string }>(importSoFar, { file })
  return row && { ...row, totals: JSON.parse(row.totals) as Totals }
}
