import type { EffectOverTime } from '@coalmine/comparator'
import { scaleLinear, scaleLog } from 'd3-scale'
import { area as areaOf, line } from 'd3-shape'
import type { VNode } from 'preact'
import { duration, effectText } from '../data/format.ts'
import { Axes, Frame, Legend, timeText, timeTicks } from './frame.tsx'
import { type Range, rangeDrag } from './range.ts'

interface Props {
  readonly effect: EffectOverTime
  readonly name: string
  readonly range: Range
  readonly tables: boolean
  readonly choose: (from: number, to: number) => void
}

/** How the estimate of the difference narrowed: the interval, no difference at all, and the margin. */
export function EffectChart({ effect, name, range, tables, choose }: Props): VNode | null {
  const { kind, points, margin } = effect
  const last = points.at(-1)
  if (!last || last.value === null) return null
  const none = kind === 'difference' ? 0 : 1
  const text = (value: number | null): string => effectText(value, kind)
  const what = { ratio: 'canary / stable', 'odds-ratio': 'odds, canary / stable', difference: 'canary − stable' }[kind]
  return (
    <Frame
      title={`Difference: ${name} (${what})`}
      summary={`${text(last.value)}, from ${text(last.lower)} to ${text(last.upper)}; the margin is ${text(margin)}.`}
      height={200}
      left={64}
      tables={tables}
      drag={rangeDrag(range, choose)}
      legend={
        <Legend
          items={[
            ['effect', 'estimate and interval'],
            ['decides', 'margin'],
          ]}
        />
      }
      table={() => ({
        caption: `Difference over time: ${name}`,
        head: ['After', 'Estimate', 'Lower', 'Upper', 'Margin'],
        rows: points.map(({ at, value, lower, upper }) => [
          duration(at),
          text(value),
          text(lower),
          text(upper),
          text(margin),
        ]),
      })}
    >
      {(area) => {
        const known = points.flatMap(({ value, lower, upper }) => [value, lower, upper]).filter((one) => one !== null)
        const near = kind === 'difference' ? Math.abs(last.value! - none) + Math.abs((margin ?? 0) - none) : 0
        const values = [...known, none, margin ?? none]
        const [least, most] =
          kind === 'difference'
            ? [Math.max(Math.min(...values), -6 * near - 0.01), Math.min(Math.max(...values), 6 * near + 0.01)]
            : [
                Math.max(Math.min(...values.filter((one) => one > 0)), 0.25 * Math.min(1, last.value!)),
                Math.min(Math.max(...values), 4 * Math.max(1, last.value!, margin ?? 1)),
              ]
        const x = scaleLinear([range.from, range.to], [area.left, area.right])
        const y =
          kind === 'difference'
            ? scaleLinear([least, most], [area.bottom, area.top]).nice(4)
            : scaleLog([least * 0.95, most * 1.05], [area.bottom, area.top])
        const [low, high] = y.domain() as [number, number]
        const at = (value: number): number => y(Math.min(high, Math.max(low, value)))
        const inside = points.filter((one) => one.at >= range.from && one.at <= range.to)
        const band = areaOf<(typeof points)[number]>()
          .x((one) => x(one.at))
          .y0((one) => at(one.lower ?? low))
          .y1((one) => at(one.upper ?? high))
        const middle = line<(typeof points)[number]>()
          .defined(({ value }) => value !== null)
          .x((one) => x(one.at))
          .y(({ value }) => at(value ?? none))
        const yTicks = kind === 'difference' ? y.ticks(4) : ratioTicks(low, high)
        return (
          <>
            <Axes
              area={area}
              x={x}
              xTicks={timeTicks(range.from, range.to, area.width / 90)}
              xText={timeText}
              y={y}
              yTicks={yTicks}
              yText={text}
            />
            <path class="fill effect" d={band(inside) ?? ''} />
            <line class="line none" x1={area.left} x2={area.right} y1={at(none)} y2={at(none)} />
            {margin !== null && (
              <>
                <line class="line decides" x1={area.left} x2={area.right} y1={at(margin)} y2={at(margin)} />
                <text class="note" x={area.right - 4} y={at(margin) - 5} text-anchor="end">
                  margin {text(margin)}
                </text>
              </>
            )}
            <path class="line effect" d={middle(inside) ?? ''} />
            {inside.map(
              (one) =>
                one.value !== null && (
                  <circle key={one.at} class="dot effect" cx={x(one.at)} cy={at(one.value)} r="2.5" />
                ),
            )}
          </>
        )
      }}
    </Frame>
  )
}

/** Round ratios between two. */
function ratioTicks(low: number, high: number): number[] {
  const wide = high / low
  const all =
    wide > 8
      ? [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]
      : wide > 2
        ? [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8]
        : [0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8]
  return all.filter((one) => one >= low && one <= high)
}
