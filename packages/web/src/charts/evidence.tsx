import type { MetricEvidence, TotalEvidence } from '@coalmine/comparator'
import { scaleLinear } from 'd3-scale'
import { curveStepAfter, line } from 'd3-shape'
import type { VNode } from 'preact'
import { duration, oddsOf, percent } from '../data/format.ts'
import type { Area } from './area.ts'
import { Axes, Frame, Legend, someRows, timeText, timeTicks } from './frame.tsx'
import { type Range, rangeDrag } from './range.ts'

// Beyond it a line only says that it is far beyond.
const topShare = 1.6

interface TotalProps {
  readonly evidence: TotalEvidence
  readonly binSeconds: number
  readonly range: Range
  readonly tables: boolean
  readonly choose: (from: number, to: number) => void
}

/** How much of what FAIL and PASS need has come in, over time, with the line that decides and where it was crossed. */
export function TotalEvidenceChart({ evidence, binSeconds, range, tables, choose }: TotalProps): VNode {
  const { harm, safety, shown, parts, harmAt, safetyAt } = evidence
  const last = harm.length - 1
  const summary =
    `Evidence of harm is at ${percent(Math.min(9.99, harm[last] ?? 0), 2)} of what FAIL needs` +
    `${harmAt === null ? '' : `, which it reached after ${duration(harmAt)}`}. ` +
    `Of ${parts} parts that PASS needs ${shown[last] ?? 0} are shown; the slowest is at ${percent(Math.min(9.99, safety[last] ?? 0), 2)}` +
    `${safetyAt === null ? '' : `. All were shown after ${duration(safetyAt)}`}.`
  return (
    <Frame
      title="Evidence over time"
      summary={summary}
      height={260}
      tables={tables}
      drag={rangeDrag(range, choose)}
      legend={
        <Legend
          items={[
            ['harm', 'harm: the nearest FAIL'],
            ['safety', 'safety: the slowest part of PASS'],
            ['decides', 'decides'],
          ]}
        />
      }
      table={() => ({
        caption: 'Evidence over time, in shares of what decides',
        head: ['After', 'Harm', 'Safety', 'Parts of PASS shown'],
        rows: someRows(
          harm.map((value, at) => [
            duration((at + 1) * binSeconds),
            percent(value, 3),
            percent(safety[at]!, 3),
            `${shown[at]} of ${parts}`,
          ]),
        ),
      })}
    >
      {(area) => {
        const top = Math.min(topShare, Math.max(1.15, ...harm, ...safety))
        const x = scaleLinear([range.from, range.to], [area.left, area.right])
        const y = scaleLinear([0, top], [area.bottom, area.top])
        const path = stepsOf(binSeconds, range, x, (value) => y(Math.min(value, top)))
        const ticks = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5].filter((one) => one <= top)
        return (
          <>
            <Axes
              area={area}
              x={x}
              xTicks={timeTicks(range.from, range.to, area.width / 90)}
              xText={timeText}
              y={y}
              yTicks={ticks}
              yText={(value) => percent(value)}
            />
            <line class="line decides" x1={area.left} x2={area.right} y1={y(1)} y2={y(1)} />
            <text class="note" x={area.right - 4} y={y(1) - 6} text-anchor="end">
              FAIL for harm, PASS for safety
            </text>
            <path class="line safety" d={path(safety)} />
            <path class="line harm" d={path(harm)} />
            {harmAt !== null && (
              <Crossing at={harmAt} x={x} y={y(1)} name="harm" text="FAIL" area={area} range={range} />
            )}
            {safetyAt !== null && harmAt === null && (
              <Crossing at={safetyAt} x={x} y={y(1)} name="safety" text="all shown" area={area} range={range} />
            )}
          </>
        )
      }}
    </Frame>
  )
}

interface CrossingProps {
  readonly at: number
  readonly x: (seconds: number) => number
  readonly y: number
  readonly name: string
  readonly text: string
  readonly area: Area
  readonly range: Range
}

/** Where a line was crossed, and when. */
function Crossing({ at, x, y, name, text, area, range }: CrossingProps): VNode | null {
  if (at < range.from || at > range.to) return null
  const place = x(at)
  const isRight = place > area.left + (area.right - area.left) * 0.7
  return (
    <g class={`crossing ${name}`}>
      <line x1={place} x2={place} y1={area.top} y2={area.bottom} />
      <circle cx={place} cy={y} r="6" />
      <text x={place + (isRight ? -10 : 10)} y={y + 20} text-anchor={isRight ? 'end' : 'start'}>
        {text} at {duration(at)}
      </text>
    </g>
  )
}

const partClass = ['safety', 'safety second', 'safety third', 'safety fourth']

interface MetricProps extends Omit<TotalProps, 'evidence'> {
  readonly evidence: MetricEvidence
  readonly name: string
}

/** The evidence of one metric in one place: how unlikely it is if there were no harm, or no safety, with both lines. */
export function MetricEvidenceChart({ evidence, name, binSeconds, range, tables, choose }: MetricProps): VNode | null {
  const { harm, harmNeeded, harmAt, safety, safetyNeeded } = evidence
  if (harm.length === 0) return null
  const needed = [...new Set([harmNeeded, safetyNeeded])]
  const summary = `Evidence of harm is ${oddsOf(harm.at(-1) ?? 0)} by chance; FAIL needs ${oddsOf(harmNeeded)}. ${safety
    .map(({ part, values }) => `Evidence of safety of ${part}: ${oddsOf(values.at(-1) ?? 0)}`)
    .join('. ')}; PASS needs ${oddsOf(safetyNeeded)} of each.`
  return (
    <Frame
      title={`Evidence: ${name}`}
      summary={summary}
      height={220}
      left={84}
      tables={tables}
      drag={rangeDrag(range, choose)}
      legend={
        <Legend
          items={[
            ['harm', 'worse than the margin'],
            ...safety.map(({ part }, at) => [partClass[at % 4]!, `within it: ${part}`] as const),
          ]}
        />
      }
      table={() => ({
        caption: `Evidence over time: ${name}. How often chance alone would show as much`,
        head: ['After', 'Worse', ...safety.map(({ part }) => `Within: ${part}`)],
        rows: someRows(
          harm.map((value, at) => [
            duration((at + 1) * binSeconds),
            oddsOf(value),
            ...safety.map(({ values }) => oddsOf(values[at]!)),
          ]),
        ),
      })}
    >
      {(area) => {
        const most = Math.max(...harm, ...safety.flatMap(({ values }) => values))
        const top = Math.max(...needed) * Math.min(2.2, Math.max(1.2, (most / Math.max(...needed)) * 1.05))
        const x = scaleLinear([range.from, range.to], [area.left, area.right])
        const y = scaleLinear([0, top], [area.bottom, area.top])
        const path = stepsOf(binSeconds, range, x, (value) => y(Math.min(value, top)))
        const powers = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20].filter((power) => power * Math.LN10 <= top)
        const step = Math.ceil(powers.length / 5)
        return (
          <>
            <Axes
              area={area}
              x={x}
              xTicks={timeTicks(range.from, range.to, area.width / 90)}
              xText={timeText}
              y={y}
              yTicks={powers.filter((_, at) => at % step === 0).map((power) => power * Math.LN10)}
              yText={(value) => (value === 0 ? 'none' : oddsOf(value))}
            />
            <line class="line decides" x1={area.left} x2={area.right} y1={y(harmNeeded)} y2={y(harmNeeded)} />
            <text class="note" x={area.right - 4} y={y(harmNeeded) - 5} text-anchor="end">
              FAIL needs {oddsOf(harmNeeded)}
            </text>
            <line
              class="line decides within"
              x1={area.left}
              x2={area.right}
              y1={y(safetyNeeded)}
              y2={y(safetyNeeded)}
            />
            <text class="note" x={area.right - 4} y={y(safetyNeeded) - 5} text-anchor="end">
              PASS needs {oddsOf(safetyNeeded)} of each
            </text>
            {safety.map(({ part, values }, at) => (
              <path key={part} class={`line ${partClass[at % 4]}`} d={path(values)} />
            ))}
            <path class="line harm" d={path(harm)} />
            {harmAt !== null && (
              <Crossing at={harmAt} x={x} y={y(harmNeeded)} name="harm" text="FAIL" area={area} range={range} />
            )}
          </>
        )
      }}
    </Frame>
  )
}

/** The path of values that hold from the end of their bin on. */
function stepsOf(
  binSeconds: number,
  { from, to }: Range,
  x: (seconds: number) => number,
  y: (value: number) => number,
): (values: readonly number[]) => string {
  const path = line<readonly [number, number]>()
    .x(([at]) => x(at))
    .y(([, value]) => y(value))
    .curve(curveStepAfter)
  return (values) => {
    const points: [number, number][] = from <= 0 ? [[0, 0]] : []
    values.forEach((value, at) => {
      const end = (at + 1) * binSeconds
      if (end < from - binSeconds || end > to + binSeconds) return
      points.push([Math.min(to, Math.max(from, end)), value])
    })
    return path(points) ?? ''
  }
}
