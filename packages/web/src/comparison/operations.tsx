import type { OperationRow } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { count, inUnit, percent } from '../data/format.ts'
import type { Downstream } from '../data/model.ts'
import { useHere } from '../data/place.ts'
import { Link } from '../link.tsx'
import { type Column, Rows } from '../rows.tsx'
import { shareOf } from './findings.tsx'
import { Decided, Share } from './section.tsx'

type Key = 'harm' | 'operation' | 'requests' | 'errors' | 'p50' | 'p99'

const titles: Readonly<Record<Key, string>> = {
  operation: 'Operation',
  harm: 'Harm',
  requests: 'Canary requests',
  errors: 'Errors',
  p50: 'Median',
  p99: 'p99',
}

const shownAtFirst = 20

interface OperationsProps {
  readonly rows: readonly OperationRow[]
  readonly chosen: string | undefined
  /** Operations that a failing canary made worse, including those that are not judged individually. */
  readonly regressed: ReadonlySet<string>
}

/** Every operation, ranked by harm or sorted by the reader; each opens its charts. */
export function OperationsTable({ rows, chosen, regressed }: OperationsProps): VNode {
  const here = useHere()
  const [key, way] = sortOf(here.chosen['sort'])
  const all = here.chosen['operations'] === 'all'
  const wanted = here.chosen['find'] ?? ''
  const found = wanted === '' ? rows : rows.filter(({ operation }) => includes(operation, wanted))
  const sorted = found.toSorted((a, b) => way * compared(a, b, key))
  const shown = all ? sorted : sorted.slice(0, shownAtFirst)
  const sortable = (of: Key, cell: Column<OperationRow>['cell']): Column<OperationRow> => ({
    title: titles[of],
    ...(of === 'operation' ? { kind: 'name' as const } : of !== 'harm' && { kind: 'number' as const }),
    sorted: of !== key ? 'none' : way === 1 ? 'ascending' : 'descending',
    head: <SortButton of={of} way={of === key ? way : undefined} />,
    cell,
  })
  return (
    <>
      {rows.length > shownAtFirst && (
        <label class="find">
          Find an operation{' '}
          <input
            type="search"
            value={wanted}
            onInput={({ currentTarget: { value } }) => here.choose({ find: value === '' ? undefined : value })}
          />
        </label>
      )}
      {found.length === 0 && <p>No operation has “{wanted}” in its name.</p>}
      <Rows
        label="Table of operations"
        columns={[
          sortable('operation', (row) => <OperationName row={row} isChosen={row.operation === chosen} />),
          sortable('harm', (row) => <Harm row={row} />),
          sortable('requests', requestsCell),
          sortable('errors', errorsCell),
          sortable('p50', quantileCell('p50')),
          sortable('p99', quantileCell('p99')),
          {
            title: 'Decision',
            cell: ({ operation, decision, judged }) => {
              if (regressed.has(operation) && decision === null) return <Decided decision="worse" />
              return decision === null && judged === 'alone' ? '–' : <Decided decision={decision} />
            },
          },
        ]}
        rows={shown}
        keyOf={({ operation }) => operation}
        isChosen={({ operation }) => operation === chosen}
      />
      {found.length > shownAtFirst && (
        <button type="button" class="more" onClick={() => here.choose({ operations: all ? undefined : 'all' })}>
          {all ? `Show the first ${shownAtFirst}` : `Show all ${found.length} operations`}
        </button>
      )}
    </>
  )
}

const includes = (name: string, part: string): boolean => name.toLowerCase().includes(part.toLowerCase())

/** Sorts by a column, or reverses the order if it is already sorted by it. */
function SortButton({ of, way }: { of: Key; way: 1 | -1 | undefined }): VNode {
  const here = useHere()
  const isAscending = way === undefined ? of === 'operation' : way === -1
  return (
    <button type="button" class="plain" onClick={() => here.choose({ sort: isAscending ? of : `-${of}` })}>
      {titles[of]}
      <span aria-hidden="true">{way === undefined ? '' : way === 1 ? ' ▲' : ' ▼'}</span>
    </button>
  )
}

function OperationName({ row, isChosen }: { row: OperationRow; isChosen: boolean }): VNode {
  const here = useHere()
  if (row.judged !== 'alone') return <>{row.operation}</>
  const open = (): void => {
    here.choose({ operation: isChosen ? undefined : row.operation })
    if (!isChosen) document.getElementById('metrics')?.scrollIntoView()
  }
  return (
    <button type="button" class="plain" aria-pressed={isChosen} onClick={open}>
      {row.operation}
    </button>
  )
}

// A comparison that is judged once, over its whole window, has no evidence over time.
const withoutHarm: Readonly<Record<OperationRow['judged'], string>> = {
  alone: 'judged once',
  'with-others': 'with the smaller ones',
  not: 'one cohort only',
}

function Harm({ row: { harm, judged } }: { row: OperationRow }): VNode {
  if (harm === null) return <small>{withoutHarm[judged]}</small>
  return (
    <>
      <Share value={harm} name="harm" /> <small>{harmText(harm)} of FAIL</small>
    </>
  )
}

// Beyond this, the exact number says nothing more.
const harmText = (harm: number): string => (harm >= 10 ? `>\u202f${percent(10)}` : percent(harm, 2))

/** What both cohorts did at one place. */
type BothSides = Pick<OperationRow, 'stable' | 'canary'>

const requestsCell = ({ stable, canary }: BothSides): VNode => (
  <>
    {count(canary.requests)}
    <small>stable {count(stable.requests)}</small>
  </>
)

const errorsCell = ({ stable, canary }: BothSides): VNode => (
  <>
    {shareOf(canary.errors, canary.requests)}
    <small>
      stable {shareOf(stable.errors, stable.requests)} ({count(canary.errors)}, {count(stable.errors)})
    </small>
  </>
)

const quantileCell =
  (quantile: 'p50' | 'p99') =>
  ({ stable, canary }: BothSides): VNode => (
    <>
      {inUnit(canary[quantile], 'seconds')}
      <small>stable {inUnit(stable[quantile], 'seconds')}</small>
    </>
  )

/** The column and the direction, for example from `-p99`. */
function sortOf(text: string | undefined): [Key, 1 | -1] {
  const key = (Object.keys(titles) as Key[]).find((one) => one === text?.replace(/^-/, ''))
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

/** The calls of each cohort's requests to databases and other services. */
export function CallsTable({ rows }: { rows: readonly OperationRow[] }): VNode {
  const perRequest = rows.toSorted(
    (a, b) => b.canary.requests + b.stable.requests - a.canary.requests - a.stable.requests,
  )
  return (
    <Rows label="Calls" columns={callColumns} rows={perRequest.slice(0, 30)} keyOf={({ operation }) => operation} />
  )
}

const callColumns: readonly Column<OperationRow>[] = [
  { title: 'Call', kind: 'name', cell: ({ operation }) => operation },
  { title: 'Traces', kind: 'number', cell: requestsCell },
  { title: 'Failed', kind: 'number', cell: errorsCell },
  { title: 'Median', kind: 'number', cell: quantileCell('p50') },
  { title: 'p99', kind: 'number', cell: quantileCell('p99') },
]

/** What other services did below each cohort's requests. */
export function DownstreamTable({ rows }: { rows: readonly Downstream[] }): VNode {
  return (
    <Rows
      label="Other services"
      columns={downstreamColumns}
      rows={rows.slice(0, 50)}
      keyOf={({ service, operation }) => `${service} ${operation}`}
    />
  )
}

const downstreamColumns: readonly Column<Downstream>[] = [
  {
    title: 'Service',
    kind: 'name',
    cell: ({ service }) => <ServiceName name={service} />,
  },
  { title: 'Operation', kind: 'name', cell: ({ operation }) => operation },
  { title: 'Requests', kind: 'number', cell: requestsCell },
  { title: 'Failed', kind: 'number', cell: errorsCell },
  { title: 'Median', kind: 'number', cell: quantileCell('p50') },
  { title: 'p99', kind: 'number', cell: quantileCell('p99') },
]

/** A service, as a link to its page; in a report, as text. */
function ServiceName({ name }: { name: string }): VNode {
  const here = useHere()
  if (here.isReport) return <>{name}</>
  return <Link to={`/services/${encodeURIComponent(name)}`}>{name}</Link>
}
