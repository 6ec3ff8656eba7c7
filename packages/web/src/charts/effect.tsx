import type { EffectOverTime } from '@coalmine/comparator'
import { scaleLinear, scaleLog } from 'd3-scale'
import { area as areaOf, line } from 'd3-shape'
import type { VNode } from 'preact'
import { duration, effectText } from '../data/format.ts'
import { Labels, Legend } from './frame.tsx'
import { besideLine } from './labels.ts'
import { OverTime, type OverTimeProps, type ValueScale } from './over-time.tsx'
import type { Range } from './range.ts'

interface Props extends OverTimeProps {
  readonly effect: EffectOverTime
  readonly name: string
}

/** How the estimate of the difference narrowed: its interval, with lines for no difference and for the margin. */
export function EffectChart({ effect, name, ...shared }: Props): VNode | null {
  const { kind, points, margin } = effect
  const last = points.at(-1)
  if (!last || last.value === null) return null
  const none = kind === 'difference' ? 0 : 1
  const text = (value: number | null): string => effectText(value, kind)
  const insideOf = ({ from, to }: Range) => points.filter(({ at }) => at >= from && at <= to)
  const what = { ratio: 'canary against stable', 'odds-ratio': 'odds, canary / stable', difference: 'canary − stable' }[
    kind
  ]
  return (
    <OverTime
      {...shared}
      title={`Difference: ${name} (${what})`}
      summary={`${text(last.value)}, from ${text(last.lower)} to ${text(last.upper)}; the margin is ${text(margin)}.`}
      height={200}
      left={64}
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
        rows: insideOf(shared.range).map(({ at, value, lower, upper }) => [
          duration(at),
          text(value),
          text(lower),
          text(upper),
          text(margin),
        ]),
      })}
      y={({ bottom, top }) => scaleFor(effect, last.value ?? none, [bottom, top])}
      yTicks={(scale) => (kind === 'difference' ? scale.ticks(4) : ratioTicks(...endsOf(scale)))}
      yText={text}
    >
      {({ area, x, y }) => {
        const [low, high] = endsOf(y)
        const at = (value: number): number => y(Math.min(high, Math.max(low, value)))
        const inside = insideOf(shared.range)
        const band = areaOf<(typeof points)[number]>()
          .x((one) => x(one.at))
          .y0((one) => at(one.lower ?? low))
          .y1((one) => at(one.upper ?? high))
        const middle = line<(typeof points)[number]>()
          .defined(({ value }) => value !== null)
          .x((one) => x(one.at))
          .y(({ value }) => at(value ?? none))
        return (
          <>
            <path class="fill effect" d={band(inside) ?? ''} />
            <line class="line none" x1={area.left} x2={area.right} y1={at(none)} y2={at(none)} />
            {margin !== null && (
              <line class="line decides" x1={area.left} x2={area.right} y1={at(margin)} y2={at(margin)} />
            )}
            <path class="line effect" d={middle(inside) ?? ''} />
            {inside.map(
              (one) =>
                one.value !== null && (
                  <circle key={one.at} class="dot effect" cx={x(one.at)} cy={at(one.value)} r="2.5" />
                ),
            )}
            {margin !== null && (
              <Labels
                area={area}
                labels={[{ text: `margin ${text(margin)}`, class: 'note', places: besideLine(area, at(margin)) }]}
              />
            )}
          </>
        )
      }}
    </OverTime>
  )
}

/** A scale that shows the last estimate, no difference and the margin; wide early intervals are cut off. */
function scaleFor({ kind, points, margin }: EffectOverTime, last: number, pixels: readonly number[]): ValueScale {
  const none = kind === 'difference' ? 0 : 1
  const known = points.flatMap(({ value, lower, upper }) => [value, lower, upper]).filter((one) => one !== null)
  const values = [...known, none, margin ?? none]
  if (kind === 'difference') {
    const near = Math.abs(last) + Math.abs(margin ?? 0)
    const least = Math.max(Math.min(...values), -6 * near - 0.01)
    const most = Math.min(Math.max(...values), 6 * near + 0.01)
    return scaleLinear([least, most], pixels).nice(4)
  }
  const least = Math.max(Math.min(...values.filter((one) => one > 0)), 0.25 * Math.min(1, last))
  const most = Math.min(Math.max(...values), 4 * Math.max(1, last, margin ?? 1))
  return scaleLog([least * 0.95, most * 1.05], pixels)
}

const endsOf = (scale: ValueScale): [number, number] => scale.domain() as [number, number]

/** Round ratios between two values. */
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
