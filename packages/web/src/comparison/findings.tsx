import type { Finding, Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { count, effectText, inUnit, percent } from '../data/format.ts'
import { useHere } from '../data/place.ts'
import { type Column, Rows } from '../rows.tsx'
import { marginOf, marginText } from './margin.ts'
import { Decided } from './section.tsx'

/** A metric's name in words. */
export function nameOf(metric: string): string {
  return metric.replaceAll('-', ' ')
}

/** The same at the start of a title. */
export function titleOf(metric: string): string {
  const name = nameOf(metric)
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** The findings of the service (null), or of one operation. */
export function findingsOf(verdict: Verdict, operation: string | null): readonly Finding[] {
  return verdict.findings.filter((one) =>
    operation === null ? one.scope === 'service' : one.operation === operation && one.scope === 'operation',
  )
}

interface Props {
  readonly findings: readonly Finding[]
  readonly chosen: string | undefined
}

/** Every metric of one place: both cohorts, the difference with its interval and margin, and the decision. */
export function FindingsTable({ findings, chosen }: Props): VNode {
  const here = useHere()
  const columns: readonly Column<Finding>[] = [
    {
      title: 'Metric',
      kind: 'name',
      cell: ({ metric, statistic, gate }) => (
        <>
          <button type="button" class="plain" aria-pressed={metric === chosen} onClick={() => here.choose({ metric })}>
            {nameOf(metric)}
          </button>
          <small>
            {statistic === 'p50' ? 'median' : statistic}
            {gate === 'advisory' && ', advisory'}
          </small>
        </>
      ),
    },
    armColumn('Stable', 'stable'),
    armColumn('Canary', 'canary'),
    {
      title: 'Difference',
      kind: 'number',
      cell: (one) => (
        <>
          {effectText(one.effect.value, one.effect.kind)}
          <small>{intervalText(one)}</small>
        </>
      ),
    },
    {
      title: 'Interval and margin',
      cell: (one) => (
        <>
          <IntervalBar finding={one} margin={marginOf(one)} />
          <small>margin {marginText(one.margin)}</small>
        </>
      ),
    },
    {
      title: 'Decision',
      cell: ({ decision, required }) => (
        <>
          <Decided decision={decision} />
          {!required && <small>can only fail</small>}
        </>
      ),
    },
  ]
  return (
    <Rows
      label="Metrics"
      columns={columns}
      rows={findings.length > manyMetrics ? findings.toSorted((a, b) => rank[a.decision] - rank[b.decision]) : findings}
      keyOf={({ metric, operation }) => `${metric} ${operation}`}
      isChosen={({ metric }) => metric === chosen}
    />
  )
}

// As many as one sees at once: of more, what fails would be looked for.
const manyMetrics = 8
const rank: Readonly<Record<Finding['decision'], number>> = { fail: 0, inconclusive: 1, pass: 2 }

const armColumn = (title: string, arm: 'stable' | 'canary'): Column<Finding> => ({
  title,
  kind: 'number',
  cell: (one) => (
    <>
      {inUnit(one[arm].value, one.unit)}
      <small>{countOf(one[arm])}</small>
    </>
  ),
})

const countOf = ({ count: n, events }: Finding['stable']): string =>
  events === null ? `of ${count(n)}` : `${count(events)} of ${count(n)}`

function intervalText({ effect, interval }: Finding): string {
  if (interval.changed) return 'changed over time'
  const { lower, upper } = interval
  if (lower === null && upper === null) return 'not known yet'
  const text = (value: number | null, open: string): string => (value === null ? open : effectText(value, effect.kind))
  return `${text(lower, 'any less')} to ${text(upper, 'any more')}`
}

const width = 168
const height = 20

/** The interval of a difference on a line, with no difference and the margin marked. */
function IntervalBar({ finding, margin }: { finding: Finding; margin: number | null }): VNode {
  const { effect, interval } = finding
  const none = effect.kind === 'difference' ? 0 : 1
  const turn = (value: number): number => (effect.kind === 'difference' ? value : Math.log(Math.max(value, 1e-6)))
  const known = [none, margin, effect.value, interval.lower, interval.upper].filter(
    (value): value is number => value !== null && Number.isFinite(value),
  )
  const [least, most] = [Math.min(...known.map(turn)), Math.max(...known.map(turn))]
  const pad = (most - least) * 0.15 || 0.1
  const x = (value: number): number => 4 + ((turn(value) - least + pad) / (most - least + 2 * pad)) * (width - 8)
  const from = interval.lower === null ? 2 : x(interval.lower)
  const to = interval.upper === null ? width - 2 : x(interval.upper)
  return (
    <svg class={`interval ${finding.decision}`} width={width} height={height} aria-hidden="true">
      <line class="none" x1={x(none)} x2={x(none)} y1="1" y2={height - 1} />
      {!interval.changed && (
        <rect
          class={interval.lower === null || interval.upper === null ? 'span open' : 'span'}
          x={Math.min(from, to)}
          y={height / 2 - 3}
          width={Math.max(2, Math.abs(to - from))}
          height="6"
          rx="3"
        />
      )}
      {margin !== null && <line class="margin" x1={x(margin)} x2={x(margin)} y1="1" y2={height - 1} />}
      {effect.value !== null && <circle cx={x(effect.value)} cy={height / 2} r="4" />}
    </svg>
  )
}

/** The error types of each cohort, and which are new. */
export function ErrorTypes({ types, title }: { types: Verdict['errorTypes']; title: string }): VNode | null {
  if (types.length === 0) return null
  return <Rows label={title} caption={title} columns={errorColumns} rows={types} keyOf={({ type }) => type} />
}

const errorColumns: readonly Column<Verdict['errorTypes'][number]>[] = [
  { title: 'Type', kind: 'name', cell: ({ type }) => type },
  { title: 'Stable', kind: 'number', cell: ({ stable }) => count(stable) },
  { title: 'Canary', kind: 'number', cell: ({ canary }) => count(canary) },
  { title: 'Where', kind: 'name', cell: ({ operations }) => someOf(operations) },
  {
    title: 'What is proved',
    cell: (one) => (one.more ? (one.new ? 'new in the canary' : 'more in the canary') : 'nothing'),
  },
]

/** The first few items of a list, and the number of the rest. */
export function someOf(names: readonly string[], most = 3): string {
  const more = names.length - most
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ')
}

/** A share of requests, from counts. */
export const shareOf = (part: number, all: number): string => (all === 0 ? '–' : percent(part / all))
