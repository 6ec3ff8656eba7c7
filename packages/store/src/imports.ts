import type { Engine } from './engine/engine.ts'

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

/** Imports of files: how far each has come, and what reads Parquet. */
export interface Imports {
  /** How far the import of a file has come; undefined when nothing of it is stored. */
  readonly progress: <Totals>(file: string) => Promise<ImportProgress<Totals> | undefined>
  /** Remembers how far a file has come, with totals that are plain JSON; to be called when the spans up to there are stored. */
  readonly remember: <Totals>(file: string, progress: ImportProgress<Totals>) => Promise<void>
  /** The rows of a Parquet file from one on, as lines of JSON: names, types, then rows, each behind its number from 0 on. */
  readonly parquetRows: (bytes: AsyncIterable<Uint8Array>, fromRow: number) => AsyncIterable<Uint8Array>
}

/** The imports into an engine's store. */
export function importsOf(engine: Engine): Imports {
  return {
    progress: async <Totals>(file: string) => {
      type Row = Omit<ImportProgress<Totals>, 'totals'> & { totals: string }
      const [row] = await engine.read<Row>(importSoFar, { file })
      return row && { ...row, totals: JSON.parse(row.totals) as Totals }
    },
    remember: async (file, { line, bytes, finished, totals }) => {
      await engine.write(rememberImport, { file, line, bytes, finished, totals: JSON.stringify(totals) })
    },
    parquetRows: engine.parquetRows,
  }
}

/** One more row for each step; the newest of a file counts. */
export const rememberImport = `
  INSERT INTO coalmine_imports (File, Line, Bytes, Finished, Totals)
  SELECT {file:String}, {line:UInt64}, {bytes:UInt64}, {finished:Bool}, {totals:String}`

/** The newest row of a file. */
export const importSoFar = `
  SELECT Line AS line, Bytes AS bytes, Finished AS finished, Totals AS totals
  FROM coalmine_imports
  WHERE File = {file:String}
  ORDER BY At DESC
  LIMIT 1`
