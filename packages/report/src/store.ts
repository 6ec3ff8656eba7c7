import { bytes as bytesText, count, counted, times } from '@coalmine/comparator/numbers'
import pc from 'picocolors'
import { printableData } from './printable.ts'
import { table } from './table.ts'

/** The answer of the server's store route: tables, largest first, and the time range of the spans. */
export interface StoreSizes {
  readonly tables: readonly {
    readonly table: string
    readonly rows: number
    readonly bytes: number
    readonly uncompressedBytes: number
  }[]
  readonly oldestMs?: number
  readonly newestMs?: number
  readonly retentionDays: number
}

/**
 * Formats the contents of a store as a table.
 *
 * @example storeText(sizes, { colors: false }) // 'spans from ... to ..., kept for 14 days\n\n  table  rows ...'
 */
export function storeText(untrusted: StoreSizes, options: { readonly colors: boolean }): string {
  const sizes = printableData(untrusted)
  const ink = pc.createColors(options.colors)
  const { tables, oldestMs, newestMs, retentionDays } = sizes
  const kept = `kept for ${counted(retentionDays, 'day')}`
  const range =
    oldestMs === undefined || newestMs === undefined
      ? `No spans yet; they are ${kept}.`
      : `Spans from ${moment(oldestMs)} to ${moment(newestMs)}, ${kept}.`
  const rows = tables.map(({ table: name, rows, bytes, uncompressedBytes }) => [
    name,
    count(rows),
    bytesText(bytes),
    rows > 0 ? bytesText(bytes / rows) : '-',
    bytes > 0 ? times(uncompressedBytes / bytes) : '-',
  ])
  const head = ['table', 'rows', 'on disk', 'a row', 'compressed'].map((cell) => ink.dim(cell))
  return [range, ...(rows.length > 0 ? ['', ...table([head, ...rows]).map((line) => `  ${line}`)] : []), ''].join('\n')
}

function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
