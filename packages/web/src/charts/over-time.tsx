import { scaleLinear } from 'd3-scale'
import { type ComponentChildren, type Context, createContext, type VNode } from 'preact'
import { useContext } from 'preact/hooks'
import { duration } from '../data/format.ts'
import type { Area } from './area.ts'
import { Axes, Frame, type FrameProps } from './frame.tsx'
import { type Range, rangeDrag } from './range.ts'

/** A change during the window, with its number in the list of changes. */
export interface ChartMark {
  /** Seconds since the window's start. */
  readonly at: number
  readonly number: number
  readonly text: string
}

/** The marks shown in every chart over time. */
export const chartMarks: Context<readonly ChartMark[]> = createContext<readonly ChartMark[]>([])

/** Common props of charts over time: the visible part of the window, and how to choose another. */
export interface OverTimeProps {
  readonly range: Range
  readonly tables: boolean
  /** Selects another part; absent if the range is everything. */
  readonly choose?: (from: number, to: number) => void
}

/** The scale of values: a linear or a logarithmic one. */
export interface ValueScale {
  (value: number): number
  domain: () => number[]
  ticks: (about: number) => number[]
}

/** The drawing area and both scales. */
interface Drawing {
  readonly area: Area
  readonly x: (seconds: number) => number
  readonly y: ValueScale
}

interface Props extends OverTimeProps, Omit<FrameProps, 'children' | 'drag'> {
  readonly y: (area: Area) => ValueScale
  readonly yTicks: (scale: ValueScale) => readonly number[]
  readonly yText: (value: number) => string
  /** Formats a moment on the time axis. Default: the time since the start. */
  readonly xText?: (seconds: number) => string
  readonly children: (drawing: Drawing) => ComponentChildren
}

/** A chart over time: its frame, both axes, and selecting a range by dragging. */
export function OverTime({ range, choose, y, yTicks, yText, xText = timeText, children, ...frame }: Props): VNode {
  const marks = useContext(chartMarks).filter(({ at }) => at >= range.from && at <= range.to)
  return (
    <Frame {...frame} {...(choose && { drag: rangeDrag(range, choose) })}>
      {(area) => {
        const x = scaleLinear([range.from, range.to], [area.left, area.right])
        const scale = y(area)
        return (
          <>
            <Axes
              area={area}
              x={x}
              xTicks={timeTicks(range.from, range.to, area.width / 90)}
              xText={xText}
              y={scale}
              yTicks={yTicks(scale)}
              yText={yText}
            />
            {besideEachOther(marks, x).map(({ at, numbers, text }) => (
              <g key={numbers} class="change">
                <title>{text}</title>
                <line x1={x(at)} x2={x(at)} y1={area.top} y2={area.bottom} />
                <text x={x(at)} y={area.top - 1} text-anchor={x(at) < area.left + 12 ? 'start' : 'middle'}>
                  {numbers}
                </text>
              </g>
            ))}
            {children({ area, x, y: scale })}
          </>
        )
      }}
    </Frame>
  )
}

// The numbers of marks that are closer than this would overlap.
const nearPixels = 14

/** Marks with their numbers; marks close together are merged. */
function besideEachOther(
  marks: readonly ChartMark[],
  x: (seconds: number) => number,
): { readonly at: number; readonly numbers: string; readonly text: string }[] {
  const found: { at: number; numbers: string; text: string }[] = []
  for (const { at, number, text } of marks) {
    const last = found.at(-1)
    if (last && x(at) - x(last.at) < nearPixels) {
      last.numbers = `${last.numbers}, ${number}`
      last.text = `${last.text}; ${text}`
    } else found.push({ at, numbers: String(number), text })
  }
  return found
}

/** Round times for the ticks of an axis of the given length, in seconds. */
function timeTicks(from: number, to: number, most: number): number[] {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800]
  const step = steps.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / 86_400) * 86_400
  const ticks: number[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at)
  return ticks
}

/** A moment on the time axis, as the time since the canary's first traffic. */
const timeText = (seconds: number): string => (seconds === 0 ? '0' : duration(seconds))
