import type { MetricEvidence, TotalEvidence } from '@coalmine/comparator'
import { scaleLinear } from 'd3-scale'
import { curveStepAfter, line } from 'd3-shape'
import type { VNode } from 'preact'
import { duration, oddsOf, percent } from '../data/format.ts'
import type { Area } from './area.ts'
import { Labels, Legend, someRows } from './frame.tsx'
import { besideLine, besidePoint, type Label } from './labels.ts'
import { OverTime, type OverTimeProps } from './over-time.tsx'
import { binsIn, type Range } from './range.ts'

// Values beyond this are drawn at the edge.
const topShare = 1.6

interface TotalProps extends OverTimeProps {
  readonly evidence: TotalEvidence
  readonly binSeconds: number
}

/** The evidence for FAIL and for PASS over time, as a share of what each needs, with the line that decides and where it was crossed. */
export function TotalEvidenceChart({ evidence, binSeconds, ...shared }: TotalProps): VNode {
  const { harm, safety, shown, parts, harmAt, safetyAt } = evidence
  const last = harm.length - 1
  const summary =
    `Evidence of harm is at ${percent(Math.min(9.99, harm[last] ?? 0), 2)} of what FAIL needs` +
    `${harmAt === null ? '' : `, which it reached after ${duration(harmAt)}`}. ` +
    `Of the ${parts} parts that PASS needs, ${shown[last] ?? 0} are proved; the slowest is at ${percent(Math.min(9.99, safety[last] ?? 0), 2)}` +
    `${safetyAt === null ? '' : `. All were proved after ${duration(safetyAt)}`}.`
  const most = Math.max(1.15, ...harm, ...safety)
  const isCut = most > topShare
  const top = Math.min(topShare, most)
  return (
    <OverTime
      {...shared}
      title="Evidence over time"
      summary={summary}
      height={260}
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
        head: ['After', 'Harm', 'Safety', 'Parts of PASS proved'],
        rows: someRows(
          binsIn(shared.range, binSeconds, harm.length).map((at) => [
            duration((at + 1) * binSeconds),
            percent(harm[at]!, 3),
            percent(safety[at]!, 3),
            `${shown[at]} of ${parts}`,
          ]),
        ),
      })}
      y={({ bottom, top: upper }) => scaleLinear([0, top], [bottom, upper])}
      yTicks={() =>
        isCut ? [0, 0.25, 0.5, 0.75, 1, 1.25, top] : [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5].filter((one) => one <= top)
      }
      yText={(value) => (isCut && value === top ? `≥\u202f${percent(value)}` : percent(value))}
    >
      {({ area, x, y }) => {
        const path = stepsOf(binSeconds, shared.range, x, (value) => y(Math.min(value, top)))
        const crossed = [
          { at: harmAt, name: 'harm', text: 'FAIL' },
          { at: harmAt === null ? safetyAt : null, name: 'safety', text: 'all proved' },
        ].filter((one): one is Crossed => isIn(one.at, shared.range))
        return (
          <>
            <line class="line decides" x1={area.left} x2={area.right} y1={y(1)} y2={y(1)} />
            <path class="line safety" d={path(safety)} />
            <path class="line harm" d={path(harm)} />
            <Labels
              area={area}
              points={crossed.map((one) => ({ x: x(one.at), y: y(1) }))}
              labels={[
                { text: decidesText(area), class: 'note', places: besideLine(area, y(1)) },
                ...crossed.map((one) => crossingLabel(one, area, x(one.at), y(1))),
              ]}
            />
            {crossed.map((one) => (
              <Crossing key={one.name} name={one.name} x={x(one.at)} y={y(1)} area={area} />
            ))}
          </>
        )
      }}
    </OverTime>
  )
}

const decidesText = ({ left, right }: Area): string =>
  right - left > narrow ? 'FAIL for harm, PASS for safety' : 'decides'
// The longer text would take all of its width.
const narrow = 300

interface Crossed {
  readonly at: number
  readonly name: string
  readonly text: string
}

const isIn = (at: number | null, { from, to }: Range): at is number => at !== null && at >= from && at <= to

/** A mark where a line was crossed. */
function Crossing({ x, y, name, area }: { x: number; y: number; name: string; area: Area }): VNode {
  return (
    <g class={`crossing ${name}`}>
      <line x1={x} x2={x} y1={area.top} y2={area.bottom} />
      <circle cx={x} cy={y} r="6" />
    </g>
  )
}

/** The label that says which line was crossed, and when. */
function crossingLabel({ at, name, text }: Crossed, area: Area, x: number, y: number): Label {
  return {
    text: `${text} at ${duration(at)}`,
    class: `crossed ${name}`,
    places: besidePoint(area, x, y),
    isBold: true,
  }
}

const partClass = ['safety', 'safety second', 'safety third', 'safety fourth']

interface MetricProps extends Omit<TotalProps, 'evidence'> {
  readonly evidence: MetricEvidence
  readonly name: string
}

/** The evidence of one metric at one place: how unlikely it would be without harm, or without safety, with both lines. */
export function MetricEvidenceChart({ evidence, name, binSeconds, ...shared }: MetricProps): VNode | null {
  const { harm, harmNeeded, harmAt, safety, safetyNeeded } = evidence
  if (harm.length === 0) return null
  const needed = [...new Set([harmNeeded, safetyNeeded])]
  const summary = `Evidence of harm: ${oddsOf(harm.at(-1) ?? 0)} by chance. FAIL needs ${oddsOf(harmNeeded)}. ${safety
    .map(({ part, values }) => `Evidence of safety of ${part}: ${oddsOf(values.at(-1) ?? 0)}`)
    .join('. ')}; PASS needs ${oddsOf(safetyNeeded)} of each.`
  const most = Math.max(...harm, ...safety.flatMap(({ values }) => values))
  const highest = Math.max(...needed)
  const top = highest * Math.min(2.2, Math.max(1.2, (most / highest) * 1.05))
  return (
    <OverTime
      {...shared}
      title={`Evidence: ${name}`}
      summary={summary}
      height={220}
      left={84}
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
          binsIn(shared.range, binSeconds, harm.length).map((at) => [
            duration((at + 1) * binSeconds),
            oddsOf(harm[at]!),
            ...safety.map(({ values }) => oddsOf(values[at]!)),
          ]),
        ),
      })}
      y={({ bottom, top: upper }) => scaleLinear([0, top], [bottom, upper])}
      yTicks={() => oddsTicks(top)}
      yText={(value) => (value === 0 ? 'none' : oddsOf(value))}
    >
      {({ area, x, y }) => {
        const path = stepsOf(binSeconds, shared.range, x, (value) => y(Math.min(value, top)))
        const failed = isIn(harmAt, shared.range) ? { at: harmAt, name: 'harm', text: 'FAIL' } : undefined
        const [failY, passY] = [y(harmNeeded), y(safetyNeeded)]
        return (
          <>
            <line class="line decides" x1={area.left} x2={area.right} y1={failY} y2={failY} />
            <line class="line decides within" x1={area.left} x2={area.right} y1={passY} y2={passY} />
            {safety.map(({ part, values }, at) => (
              <path key={part} class={`line ${partClass[at % 4]}`} d={path(values)} />
            ))}
            <path class="line harm" d={path(harm)} />
            <Labels
              area={area}
              points={failed ? [{ x: x(failed.at), y: failY }] : []}
              labels={[
                { text: `FAIL needs ${oddsOf(harmNeeded)}`, class: 'note', places: besideLine(area, failY) },
                {
                  text: `PASS needs ${oddsOf(safetyNeeded)} of each`,
                  class: 'note',
                  places: besideLine(area, passY),
                },
                ...(failed ? [crossingLabel(failed, area, x(failed.at), failY)] : []),
              ]}
            />
            {failed && <Crossing name="harm" x={x(failed.at)} y={failY} area={area} />}
          </>
        )
      }}
    </OverTime>
  )
}

/** About five powers of ten. */
function oddsTicks(top: number): number[] {
  const powers = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20].filter((power) => power * Math.LN10 <= top)
  const step = Math.ceil(powers.length / 5)
  return powers.filter((_, at) => at % step === 0).map((power) => power * Math.LN10)
}

/** The path of a step line: each value applies from the end of its bin. */
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
