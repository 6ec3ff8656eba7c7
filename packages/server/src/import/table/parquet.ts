import type { Store } from '@coalmine/store'
import { linesOf } from '../lines.ts'
import type { Column } from './columns.ts'
import type { Row } from './csv.ts'

const magic = 'PAR1'

/** Whether bytes begin a Parquet file. */
export const isParquet = (start: Buffer): boolean => start.subarray(0, magic.length).toString('latin1') === magic

/** The columns of a Parquet file, then its rows after a given number, counted from 1, as the store's engine reads them. */
export async function* rowsOfParquet(
  store: Store,
  chunks: AsyncIterable<Buffer>,
  after: number,
): AsyncGenerator<readonly Column[] | Row> {
  let names: readonly string[] | undefined
  let columns: readonly Column[] | undefined
  for await (const { text } of linesOf(store.imports.parquetRows(chunks, after), undefined, 'latin1')) {
    const [first, ...cells] = cellsOf(text!, columns)
    if (columns) yield { line: Number(first) + 1, cells }
    else if (!names) names = cells as string[]
    else {
      columns = names.map((name, index) => ({ name, type: String(cells[index]) }))
      yield columns
    }
  }
}

// Ids may be bytes that are not text: they are kept as they are, one character per byte.
function cellsOf(latin1: string, columns: readonly Column[] = []): unknown[] {
  if (!/[\x80-\xff]/.test(latin1)) return JSON.parse(latin1) as unknown[]
  const cells = JSON.parse(Buffer.from(latin1, 'latin1').toString('utf8')) as unknown[]
  if (!columns.some(isBytes)) return cells
  const bytes = JSON.parse(latin1) as unknown[]
  return cells.map((cell, index) => (index > 0 && isBytes(columns[index - 1]!) ? bytes[index] : cell))
}

const isBytes = ({ type }: Column): boolean => type?.includes('FixedString') ?? false
