import type { Finding, Verdict } from '@coalmine/comparator'
import type { VNode } from 'preact'
import { count, effectText, inUnit, percent } from '../data/format.ts'
import { useHere } from '../data/place.ts'
import { Scroll } from '../scroll.tsx'
import { marginOf } from './margin.ts'
import { Decided } from './section.tsx'

/** A metric's name as people say it. */
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

/** Every metric of one place: both cohorts, the difference with its interval and margin, and what was decided. */
export function FindingsTable({ findings, chosen }: Props): VNode {
  const here = useHere()
  return (
    <Scroll label="Metrics">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" class="number">
              Stable
            </th>
            <th scope="col" class="number">
              Canary
            </th>
            <th scope="col" class="number">
              Difference
            </th>
            <th scope="col">Interval and margin</th>
            <th scope="col">Decision</th>
          </tr>
        </thead>
        <tbody>
          {findings.map((one) => (
            <tr key={`${one.metric} ${one.operation}`} class={one.metric === chosen ? 'chosen' : undefined}>
              <th scope="row">
                <button
                  type="button"
                  class="plain"
                  aria-pressed={one.metric === chosen}
                  onClick={() => here.choose({ metric: one.metric })}
                >
                  {nameOf(one.metric)}
                </button>
                <small>
                  {one.statistic === 'p50' ? 'median' : one.statistic}
                  {one.gate === 'advisory' && ', advisory'}
                </small>
              </th>
              <td class="number">
                {inUnit(one.stable.value, one.unit)}
                <small>{countOf(one.stable)}</small>
              </td>
              <td class="number">
                {inUnit(one.canary.value, one.unit)}
                <small>{countOf(one.canary)}</small>
              </td>
              <td class="number">
                {effectText(one.effect.value, one.effect.kind)}
                <small>{intervalText(one)}</small>
              </td>
              <td>
                <IntervalBar finding={one} margin={marginOf(one)} />
                <small>margin {one.margin}</small>
              </td>
              <td>
                <Decided decision={one.decision} />
                {!one.required && <small>can only fail</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

const countOf = ({ count: n, events }: Finding['stable']): string =>
  events === null ? `of ${count(n)}` : `${count(events)} of ${count(n)}`

function intervalText({ effect, interval }: Finding): string {
  if (interval.changed) return 'changed over time'
  const { lower, upper } = interval
  if (lower === null && upper === null) return 'nothing known yet'
  const text = (value: number | null, open: string): string => (value === null ? open : effectText(value, effect.kind))
  return `${text(lower, 'any less')} to ${text(upper, 'any more')}`
}

const width = 168
const height = 20

/** The interval of a difference on a line, with no difference at all, and the margin. */
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

/** How many types of error each cohort has, and which are new. */
export function ErrorTypes({ types, title }: { types: Verdict['errorTypes']; title: string }): VNode | null {
  if (types.length === 0) return null
  return (
    <Scroll label={title}>
      <table class="rows">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col" class="number">
              Stable
            </th>
            <th scope="col" class="number">
              Canary
            </th>
            <th scope="col">Where</th>
            <th scope="col">What is proved</th>
          </tr>
        </thead>
        <tbody>
          {types.map((one) => (
            <tr key={one.type}>
              <th scope="row" class="name">
                {one.type}
              </th>
              <td class="number">{count(one.stable)}</td>
              <td class="number">{count(one.canary)}</td>
              <td class="name">{someOf(one.operations)}</td>
              <td>{one.more ? (one.new ? 'new in the canary' : 'more in the canary') : 'nothing'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** The first few of a list, and how many more there are. */
export function someOf(names: readonly string[], most = 3): string {
  const more = names.length - most
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ')
}

/** A share of requests, from counts. */
export const shareOf = (part: number, all: number): string => (all === 0 ? '–' : percent(part / all))
