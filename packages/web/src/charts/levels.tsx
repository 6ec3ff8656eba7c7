import type { MetricChart, RateLevels, ScopeChart } from '@coalmine/comparator'
import { scaleLinear } from 'd3-scale'
import { area as areaOf, line } from 'd3-shape'
import type { VNode } from 'preact'
import { count, duration, effectText, inUnit, number, percent } from '../data/format.ts'
import type { Area } from './area.ts'
import { Axes, Frame, Labels, Legend, someRows } from './frame.tsx'
import type { Label } from './labels.ts'
import { OverTime, type OverTimeProps } from './over-time.tsx'
import { binsIn, type Range } from './range.ts'

/** Which quantile of a distribution is drawn over time. */
export type Quantile = 'p50' | 'p90' | 'p99'

interface Props extends OverTimeProps {
  readonly chart: MetricChart
  readonly scope: ScopeChart
  readonly quantile: Quantile
  readonly name: string
}

interface Series {
  readonly values: readonly (number | null)[]
  readonly n: readonly number[]
  readonly events?: readonly number[]
}

/** Both cohorts' level over time: a rate, or a quantile of values. */
export function LevelChart({ chart, scope, quantile, name, ...shared }: Props): VNode | null {
  const { range } = shared
  const { levels, unit } = chart
  if (levels.kind === 'none') return null
  const { binSeconds } = scope
  const merged = levels.kind === 'rate' ? binsTogether(levels, range, binSeconds) : 1
  const of = (arm: 'stable' | 'canary'): Series => {
    if (levels.kind === 'rate') return ratesOf(levels[arm].n, levels[arm].events, merged)
    return { values: levels[arm][quantile], n: levels[arm].n }
  }
  const [stable, canary] = [of('stable'), of('canary')]
  const step = levels.kind === 'rate' ? merged * binSeconds : binSeconds
  const label = levels.kind === 'rate' ? name : `${name}, ${quantile === 'p50' ? 'median' : quantile}`
  const lastOf = (one: Series): string =>
    inUnit(
      one.values.findLast((value) => value !== null),
      unit,
    )
  const inside = (at: number): boolean => (at + 1) * step > range.from && at * step < range.to
  const all = [...stable.values, ...canary.values].filter(
    (value, at): value is number => value !== null && inside(at % Math.max(1, stable.values.length)),
  )
  const top = Math.max(...all, unit === 'share' ? 0.001 : 0) || 1
  return (
    <OverTime
      {...shared}
      title={label}
      summary={`Lately ${lastOf(stable)} in stable and ${lastOf(canary)} in canary.`}
      height={200}
      left={64}
      legend={<ArmLegend />}
      table={() => ({
        caption: `${label} over time`,
        head: ['Until', 'Stable', 'Stable count', 'Canary', 'Canary count'],
        rows: someRows(
          binsIn(range, step, stable.values.length).map((at) => [
            duration((at + 1) * step),
            inUnit(stable.values[at], unit),
            countText(stable, at),
            inUnit(canary.values[at], unit),
            countText(canary, at),
          ]),
        ),
      })}
      y={({ bottom, top: upper }) => scaleLinear([0, top * 1.08], [bottom, upper]).nice(4)}
      yTicks={(scale) => scale.ticks(4)}
      yText={(value) => inUnit(value, unit)}
    >
      {({ x, y }) => {
        const path = line<Point>()
          .defined(({ value }) => value !== null)
          .x(({ at }) => x(at))
          .y(({ value }) => y(value ?? 0))
        const points = ({ values }: Series): Point[] =>
          bridged(
            values.flatMap((value, at) => (inside(at) ? [{ at: clamp((at + 0.5) * step, range), value }] : [])),
            Math.max(longestBlock, 2 * step),
          )
        return (
          <>
            <path class="line stable" d={path(points(stable)) ?? ''} />
            <path class="line canary" d={path(points(canary)) ?? ''} />
          </>
        )
      }}
    </OverTime>
  )
}

interface Point {
  /** Seconds since the window's start. */
  readonly at: number
  readonly value: number | null
}

// Quantiles come in blocks of about a hundred values, which may take half a minute to fill.
const longestBlock = 30
const fewestPerPoint = 200
const mostRatePoints = 120

/** A line continues across a short gap without values, but not across a long one. */
function bridged(points: readonly Point[], longest: number): Point[] {
  const found: Point[] = []
  let last: Point | undefined
  for (const point of points) {
    if (point.value === null) continue
    if (last && point.at - last.at > longest) found.push({ at: last.at, value: null })
    found.push(point)
    last = point
  }
  return found
}

/** How many bins of a rate to merge into one point, because a share of few requests is mostly chance. */
function binsTogether(
  { stable, canary }: { readonly stable: RateLevels; readonly canary: RateLevels },
  { from, to }: Range,
  binSeconds: number,
): number {
  const fewest = Math.min(
    ...[stable, canary].map(({ n }) => n.reduce((sum, one) => sum + one, 0) / Math.max(1, n.length)),
  )
  const byCount = Math.ceil(fewestPerPoint / Math.max(1, fewest))
  const most = Math.max(1, Math.floor((to - from) / binSeconds / 8))
  return Math.max(1, Math.round((to - from) / binSeconds / mostRatePoints), Math.min(byCount, most))
}

/** Requests per second of both cohorts. */
export function TrafficChart({
  scope,
  seconds,
  ...shared
}: Omit<Props, 'chart' | 'quantile' | 'name'> & { readonly seconds: number }): VNode {
  const { range } = shared
  const { binSeconds, requests } = scope
  // The last bin may be incomplete.
  const lengthOf = (at: number): number => Math.max(1, Math.min(binSeconds, seconds - at * binSeconds))
  const rate = (values: readonly number[]): number[] => values.map((value, at) => value / lengthOf(at))
  const [stable, canary] = [rate(requests.stable), rate(requests.canary)]
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const most = Math.max(...stable, ...canary, 0.1)
  return (
    <OverTime
      {...shared}
      title="Requests a second"
      summary={`${count(sum(requests.stable))} requests of stable, ${count(sum(requests.canary))} of canary.`}
      height={160}
      left={64}
      legend={<ArmLegend />}
      table={() => ({
        caption: 'Requests over time',
        head: ['Until', 'Stable', 'Canary'],
        rows: someRows(
          binsIn(range, binSeconds, requests.stable.length).map((at) => [
            duration((at + 1) * binSeconds),
            count(requests.stable[at]!),
            count(requests.canary[at]!),
          ]),
        ),
      })}
      y={({ bottom, top }) => scaleLinear([0, most * 1.1], [bottom, top]).nice(3)}
      yTicks={(scale) => scale.ticks(3)}
      yText={number}
    >
      {({ x, y }) => {
        const inside = (at: number): boolean => (at + 1) * binSeconds > range.from && at * binSeconds < range.to
        const points = (values: readonly number[]) =>
          values.flatMap((value, at) => (inside(at) ? [{ at: clamp((at + 0.5) * binSeconds, range), value }] : []))
        const path = line<{ at: number; value: number }>()
          .x(({ at }) => x(at))
          .y(({ value }) => y(value))
        return (
          <>
            <path class="line stable" d={path(points(stable)) ?? ''} />
            <path class="line canary" d={path(points(canary)) ?? ''} />
          </>
        )
      }}
    </OverTime>
  )
}

/** The two cohorts, told apart by colour and by their dashes. */
function ArmLegend(): VNode {
  return (
    <Legend
      items={[
        ['stable', 'stable'],
        ['canary', 'canary'],
      ]}
    />
  )
}

interface DistributionProps extends Pick<Props, 'chart' | 'name' | 'tables'> {
  /** The finding's statistic, such as `p95`. */
  readonly carried: string | undefined
}

const marks = ['p50', 'p90', 'p95', 'p99'] as const
type Marked = (typeof marks)[number]

/** The distribution of values in both cohorts, with the quantiles that the tests examine. */
export function DistributionChart({ chart, name, carried, tables }: DistributionProps): VNode | null {
  const { distribution, unit } = chart
  if (!distribution) return null
  const { edges, stable, canary, quantiles } = distribution
  const log = unit !== 'share' && edges[0]! > 0
  const place = (value: number): number => (log ? Math.log10(value) : value)
  const own = marks.find((one) => one === carried)
  const shown: readonly Marked[] = own === undefined || own === 'p50' ? ['p50', 'p99'] : ['p50', own]
  return (
    <Frame
      title={`${name}: distribution`}
      summary={`Median ${inUnit(quantiles.stable.p50, unit)} in stable and ${inUnit(quantiles.canary.p50, unit)} in canary; p99 ${inUnit(quantiles.stable.p99, unit)} and ${inUnit(quantiles.canary.p99, unit)}.`}
      height={200}
      left={64}
      tables={tables}
      legend={<ArmLegend />}
      table={() => ({
        caption: `${name}: quantiles over the whole window`,
        head: ['Quantile', 'Stable', 'Canary', 'Difference'],
        rows: [
          ...marks.map((one) => [
            `${one === 'p50' ? 'median' : one}${one === own ? ', the finding' : ''}`,
            inUnit(quantiles.stable[one], unit),
            inUnit(quantiles.canary[one], unit),
            quantiles.stable[one] > 0 ? effectText(quantiles.canary[one] / quantiles.stable[one], 'ratio') : '–',
          ]),
          ['values', count(quantiles.stable.n), count(quantiles.canary.n), ''],
        ],
      })}
    >
      {(area) => {
        const [first, last] = [place(edges[0]!), place(edges.at(-1)!)]
        const x = scaleLinear([first, last], [area.left, area.right])
        const y = scaleLinear([0, Math.max(...stable, ...canary) * 1.15], [area.bottom, area.top])
        const shape = areaOf<number>()
          .x((_, at) => x((place(edges[at]!) + place(edges[at + 1]!)) / 2))
          .y0(area.bottom)
          .y1((value) => y(value))
        const outline = line<number>()
          .x((_, at) => x((place(edges[at]!) + place(edges[at + 1]!)) / 2))
          .y((value) => y(value))
        const marked = shown.flatMap((one) =>
          (['stable', 'canary'] as const)
            .map((arm): QuantileMark => ({ one, arm, at: x(place(quantiles[arm][one])), isCarried: one === own }))
            .filter(({ at }) => at >= area.left && at <= area.right),
        )
        const xTicks = log ? logTicks(edges[0]!, edges.at(-1)!, area.width / 80) : x.ticks(area.width / 80)
        return (
          <>
            <Axes
              area={area}
              x={(value) => x(place(value))}
              xTicks={xTicks}
              xText={(value) => inUnit(value, unit)}
              y={y}
              yTicks={y.ticks(3)}
              yText={(value) => percent(value)}
            />
            <path class="fill stable" d={shape([...stable]) ?? ''} />
            <path class="fill canary" d={shape([...canary]) ?? ''} />
            <path class="line stable" d={outline([...stable]) ?? ''} />
            <path class="line canary" d={outline([...canary]) ?? ''} />
            {marked.map(({ one, arm, at, isCarried }) => (
              <g key={`${one} ${arm}`} class={`quantile ${arm}${isCarried ? ' carried' : ''}`}>
                <line x1={at} x2={at} y1={area.top + (arm === 'stable' ? 14 : 2)} y2={area.bottom} />
              </g>
            ))}
            <Labels area={area} labels={marked.map((mark) => quantileLabel(mark, area))} />
          </>
        )
      }}
    </Frame>
  )
}

interface QuantileMark {
  readonly one: Marked
  /** Whether the finding is about this quantile. */
  readonly isCarried: boolean
  readonly arm: 'stable' | 'canary'
  /** In pixels. */
  readonly at: number
}

function quantileLabel({ one, arm, at, isCarried }: QuantileMark, { top }: Area): Label {
  const rows = arm === 'stable' ? [22, 9, 35] : [9, 22, 35]
  return {
    text: `${one} ${arm}`,
    class: `quantile ${arm}${isCarried ? ' carried' : ''}`,
    isBold: isCarried,
    places: rows.flatMap((down) => [
      { x: at + 3, y: top + down, anchor: 'start' as const },
      { x: at - 3, y: top + down, anchor: 'end' as const },
    ]),
  }
}

/** Round values of a logarithmic axis. */
function logTicks(from: number, to: number, most: number): number[] {
  const all: number[] = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power += 1)
    for (const digit of [1, 2, 5]) {
      const value = digit * 10 ** power
      if (value >= from && value <= to) all.push(value)
    }
  const step = Math.ceil(all.length / Math.max(2, most))
  return all.filter((_, at) => at % step === 0)
}

function ratesOf(n: readonly number[], events: readonly number[], merged: number): Series {
  const sums = (values: readonly number[]): number[] => {
    const all: number[] = []
    for (let at = 0; at < values.length; at += merged)
      all.push(values.slice(at, at + merged).reduce((sum, value) => sum + value, 0))
    return all
  }
  const [units, had] = [sums(n), sums(events)]
  return { values: units.map((unit, at) => (unit > 0 ? had[at]! / unit : null)), n: units, events: had }
}

const countText = ({ n, events }: Series, at: number): string =>
  events ? `${count(events[at]!)} of ${count(n[at]!)}` : count(n[at] ?? 0)

const clamp = (value: number, { from, to }: Range): number => Math.min(to, Math.max(from, value))
