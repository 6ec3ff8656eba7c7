import type { Engine } from './engine/engine.ts'

/** Progress of a file import: everything up to this point is stored. */
export interface ImportProgress<Totals> {
  /** The last stored line, message or row. */
  readonly line: number
  /** The byte offset of the next one; 0 if unknown. */
  readonly bytes: number
  readonly finished: boolean
  /** The import's totals so far. */
  readonly totals: Totals
}

/** File imports: their progress, and a reader of Parquet files. */
export interface Imports {
  /** The progress of a file's import; undefined if nothing of it is stored. */
  readonly progress: <Totals>(file: string) => Promise<ImportProgress<Totals> | undefined>
  /** Records the progress of a file, with totals in plain JSON. Call it once the spans up to there are stored. */
  readonly remember: <Totals>(file: string, progress: ImportProgress<Totals>) => Promise<void>
  /** The rows of a Parquet file from `fromRow`, as JSON lines: names, types, then rows, each preceded by its number, from 0. */
  readonly parquetRows: (bytes: AsyncIterable<Uint8Array>, fromRow: number) => AsyncIterable<Uint8Array>
}

/** Tracks file imports into an engine's store. */
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

/** Adds a row for each step; the newest row of a file counts. */
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
