import type { OperationRow } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { count, inUnit, percent } from '../data/format.ts'
import { useHere } from '../data/place.ts'
import { Scroll } from '../scroll.tsx'
import { shareOf } from './findings.tsx'
import { Decided, Share } from './section.tsx'

type Key = 'harm' | 'operation' | 'requests' | 'errors' | 'p50' | 'p99'

const columns: readonly { readonly key: Key; readonly title: string; readonly isNumber: boolean }[] = [
  { key: 'operation', title: 'Operation', isNumber: false },
  { key: 'harm', title: 'Harm', isNumber: false },
  { key: 'requests', title: 'Canary requests', isNumber: true },
  { key: 'errors', title: 'Errors', isNumber: true },
  { key: 'p50', title: 'Median', isNumber: true },
  { key: 'p99', title: 'p99', isNumber: true },
]

const shownAtFirst = 20

interface OperationsProps {
  readonly rows: readonly OperationRow[]
  readonly chosen: string | undefined
  /** Operations that a failing canary made worse, also of those that are not judged alone. */
  readonly regressed: ReadonlySet<string>
}

/** Every operation, ranked by harm or as the reader sorts it; each opens its charts. */
export function OperationsTable({ rows, chosen, regressed }: OperationsProps): VNode {
  const here = useHere()
  const [key, way] = sortOf(here.chosen['sort'])
  const all = here.chosen['operations'] === 'all'
  const sorted = rows.toSorted((a, b) => way * compared(a, b, key))
  const shown = all ? sorted : sorted.slice(0, shownAtFirst)
  return (
    <>
      <Scroll label="Table of operations">
        <table class="rows">
          <thead>
            <tr>
              {columns.map((column) => {
                const isSorted = column.key === key
                const next = isSorted && way === 1 ? `-${column.key}` : column.key
                return (
                  <th
                    key={column.key}
                    scope="col"
                    class={column.isNumber ? 'number' : undefined}
                    aria-sort={isSorted ? (way === 1 ? 'ascending' : 'descending') : 'none'}
                  >
                    <button
                      type="button"
                      class="plain"
                      onClick={() =>
                        here.choose({ sort: isSorted || column.key === 'operation' ? next : `-${column.key}` })
                      }
                    >
                      {column.title}
                      <span aria-hidden="true">{isSorted ? (way === 1 ? ' ▲' : ' ▼') : ''}</span>
                    </button>
                  </th>
                )
              })}
              <th scope="col">Decision</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row
                key={row.operation}
                row={row}
                isChosen={row.operation === chosen}
                isRegressed={regressed.has(row.operation)}
              />
            ))}
          </tbody>
        </table>
      </Scroll>
      {rows.length > shownAtFirst && (
        <button type="button" class="more" onClick={() => here.choose({ operations: all ? undefined : 'all' })}>
          {all ? `Show the first ${shownAtFirst}` : `Show all ${rows.length} operations`}
        </button>
      )}
    </>
  )
}

function Row({ row, isChosen, isRegressed }: { row: OperationRow; isChosen: boolean; isRegressed: boolean }): VNode {
  const here = useHere()
  const { stable, canary, harm } = row
  const open = (): void => {
    here.choose({ operation: isChosen ? undefined : row.operation })
    if (!isChosen) document.getElementById('metrics')?.scrollIntoView()
  }
  return (
    <tr class={isChosen ? 'chosen' : undefined}>
      <th scope="row" class="name">
        {row.judged === 'alone' ? (
          <button type="button" class="plain" aria-pressed={isChosen} onClick={open}>
            {row.operation}
          </button>
        ) : (
          row.operation
        )}
      </th>
      <td>
        {harm === null ? (
          <small>{row.judged === 'not' ? 'one cohort only' : 'with the small ones'}</small>
        ) : (
          <>
            <Share value={harm} name="harm" /> <small>{percent(Math.min(9.99, harm), 2)} of FAIL</small>
          </>
        )}
      </td>
      <td class="number">
        {count(canary.requests)}
        <small>stable {count(stable.requests)}</small>
      </td>
      <td class="number">
        {shareOf(canary.errors, canary.requests)}
        <small>
          stable {shareOf(stable.errors, stable.requests)} ({count(canary.errors)}, {count(stable.errors)})
        </small>
      </td>
      <td class="number">
        {inUnit(canary.p50, 'seconds')}
        <small>stable {inUnit(stable.p50, 'seconds')}</small>
      </td>
      <td class="number">
        {inUnit(canary.p99, 'seconds')}
        <small>stable {inUnit(stable.p99, 'seconds')}</small>
      </td>
      <td>
        <Decided decision={row.decision ?? (isRegressed ? 'worse' : null)} />
      </td>
    </tr>
  )
}

/** The column, and which way: from `-p99`, say. */
function sortOf(text: string | undefined): [Key, 1 | -1] {
  const key = columns.find((column) => column.key === text?.replace(/^-/, ''))?.key
  return key ? [key, text!.startsWith('-') ? -1 : 1] : ['harm', -1]
}

function compared(a: OperationRow, b: OperationRow, key: Key): number {
  if (key === 'operation') return a.operation < b.operation ? -1 : a.operation > b.operation ? 1 : 0
  return sortValue(a, key) - sortValue(b, key)
}

function sortValue({ canary, harm }: OperationRow, key: Exclude<Key, 'operation'>): number {
  switch (key) {
    case 'harm':
      return harm ?? -1
    case 'requests':
      return canary.requests
    case 'errors':
      return canary.requests === 0 ? -1 : canary.errors / canary.requests
    case 'p50':
    case 'p99':
      return canary[key] ?? -1
  }
}

/** What each cohort's requests asked of databases and other services. */
export function CallsTable({ rows }: { rows: readonly OperationRow[] }): VNode {
  const perRequest = rows.toSorted(
    (a, b) => b.canary.requests + b.stable.requests - a.canary.requests - a.stable.requests,
  )
  return (
    <Scroll label="Calls">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">What was asked of whom</th>
            {['Traces with it', 'Failed', 'Median', 'p99'].map((title) => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {perRequest.slice(0, 30).map(({ operation, stable, canary }) => (
            <tr key={operation}>
              <th scope="row" class="name">
                {operation}
              </th>
              <td class="number">
                {count(canary.requests)}
                <small>stable {count(stable.requests)}</small>
              </td>
              <td class="number">
                {shareOf(canary.errors, canary.requests)}
                <small>stable {shareOf(stable.errors, stable.requests)}</small>
              </td>
              <td class="number">
                {inUnit(canary.p50, 'seconds')}
                <small>stable {inUnit(stable.p50, 'seconds')}</small>
              </td>
              <td class="number">
                {inUnit(canary.p99, 'seconds')}
                <small>stable {inUnit(stable.p99, 'seconds')}</small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
