import type { ComponentChildren, VNode } from 'preact'
import { Scroll } from './scroll.tsx'

/** One column of a table. */
export interface Column<Row> {
  /** In the head; also tells columns apart. */
  readonly title: string
  /** What stands in the head instead of the title, such as a button that sorts. */
  readonly head?: VNode
  readonly sorted?: 'ascending' | 'descending' | 'none'
  /** Numbers stand at the right, names may be long, a reason is a sentence. */
  readonly kind?: 'number' | 'name' | 'reason'
  readonly cell: (row: Row) => ComponentChildren
}

interface Props<Row> {
  /** Describes the table to readers who cannot see it. */
  readonly label: string
  /** The same where everybody is to read it. */
  readonly caption?: ComponentChildren
  /** The first names the row. */
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly isChosen?: (row: Row) => boolean
  /** As wide as its cells instead of as wide as the page. */
  readonly isSmall?: boolean
}

/** A table of the page: it scrolls by itself where it is wider than the screen. */
export function Rows<Row>({ label, caption, columns, rows, keyOf, isChosen, isSmall = false }: Props<Row>): VNode {
  // A sentence needs the whole width of a narrow screen: there, each row stands as a list.
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
