import { scaleLinear } from 'd3-scale'
import type { ComponentChildren, VNode } from 'preact'
import { duration } from '../data/format.ts'
import type { Area } from './area.ts'
import { Axes, Frame, type FrameProps } from './frame.tsx'
import { type Range, rangeDrag } from './range.ts'

/** What every chart over time is told: which part of the window it shows, and how another is chosen. */
export interface OverTimeProps {
  readonly range: Range
  readonly tables: boolean
  readonly choose: (from: number, to: number) => void
}

/** The scale of values: a linear or a logarithmic one. */
export interface ValueScale {
  (value: number): number
  domain: () => number[]
  ticks: (about: number) => number[]
}

/** Where values and moments are drawn. */
export interface Drawing {
  readonly area: Area
  readonly x: (seconds: number) => number
  readonly y: ValueScale
}

interface Props extends OverTimeProps, Omit<FrameProps, 'children' | 'drag'> {
  readonly y: (area: Area) => ValueScale
  readonly yTicks: (scale: ValueScale) => readonly number[]
  readonly yText: (value: number) => string
  readonly children: (drawing: Drawing) => ComponentChildren
}

/** A chart over time: its frame, both axes, and a part of the time that one chooses by dragging. */
export function OverTime({ range, choose, y, yTicks, yText, children, ...frame }: Props): VNode {
  return (
    <Frame {...frame} drag={rangeDrag(range, choose)}>
      {(area) => {
        const x = scaleLinear([range.from, range.to], [area.left, area.right])
        const scale = y(area)
        return (
          <>
            <Axes
              area={area}
              x={x}
              xTicks={timeTicks(range.from, range.to, area.width / 90)}
              xText={timeText}
              y={scale}
              yTicks={yTicks(scale)}
              yText={yText}
            />
            {children({ area, x, y: scale })}
          </>
        )
      }}
    </Frame>
  )
}

/** Round lengths of time for the ticks of an axis that is so long, in seconds. */
function timeTicks(from: number, to: number, most: number): number[] {
  const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800]
  const step = steps.find((one) => (to - from) / one <= most) ?? Math.ceil((to - from) / most / 86_400) * 86_400
  const ticks: number[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at)
  return ticks
}

/** The axis of time says how long after the canary's first traffic. */
const timeText = (seconds: number): string => (seconds === 0 ? '0' : duration(seconds))
