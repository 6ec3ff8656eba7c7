import type { ComponentChildren, VNode } from 'preact'
import { Scroll } from './scroll.tsx'

/** One column of a table. */
export interface Column<Row> {
  /** The header; also identifies the column. */
  readonly title: string
  /** Content for the header instead of the title, such as a button that sorts. */
  readonly head?: VNode
  readonly sorted?: 'ascending' | 'descending' | 'none'
  /** Numbers are aligned right, names may be long, a reason is a sentence. */
  readonly kind?: 'number' | 'name' | 'reason'
  readonly cell: (row: Row) => ComponentChildren
}

interface Props<Row> {
  /** Describes the table to readers who cannot see it. */
  readonly label: string
  /** The same, visible to everybody. */
  readonly caption?: ComponentChildren
  /** The first names the row. */
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly isChosen?: (row: Row) => boolean
  /** Makes the table as wide as its cells instead of as wide as the page. */
  readonly isSmall?: boolean
}

/** A table. It scrolls separately if it is wider than the screen. */
export function Rows<Row>({ label, caption, columns, rows, keyOf, isChosen, isSmall = false }: Props<Row>): VNode {
  // A sentence needs the whole width of a narrow screen, so each row becomes a list there.
  const isStacked = columns.some(({ kind }) => kind === 'reason')
  return (
    <Scroll label={label}>
      <table class={`rows${isSmall ? ' small' : ''}${isStacked ? ' stacked' : ''}`}>
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map(({ title, head, sorted, kind }) => (
              <th key={title} scope="col" class={kind === 'number' ? kind : undefined} aria-sort={sorted}>
                {head ?? title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={isChosen?.(row) ? 'chosen' : undefined}>
              {columns.map(({ title, kind, cell }, at) =>
                at === 0 ? (
                  <th key={title} scope="row" class={kind}>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={title} class={kind} data-title={title}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
