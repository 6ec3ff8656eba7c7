import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Scroll } from '../scroll.tsx'
import type { Area } from './area.ts'
import { type Label, type Point, placed } from './labels.ts'

/** The current width of an element. */
export function useWidth(usual: number): { readonly ref: { current: HTMLDivElement | null }; readonly width: number } {
  const ref = useRef<HTMLDivElement | null>(null)
  const [width, setWidth] = useState(usual)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = (): void => setWidth(Math.max(200, Math.floor(element.clientWidth)))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}

interface AxesProps {
  readonly area: Area
  readonly x: (value: number) => number
  readonly xTicks: readonly number[]
  readonly xText: (value: number) => string
  readonly y: (value: number) => number
  readonly yTicks: readonly number[]
  readonly yText: (value: number) => string
}

/** Both axes: ticks with numbers, and faint grid lines. */
export function Axes({ area, x, xTicks, xText, y, yTicks, yText }: AxesProps): VNode {
  return (
    <g class="axes">
      {yTicks.map((tick) => (
        <g key={tick}>
          <line x1={area.left} x2={area.right} y1={y(tick)} y2={y(tick)} />
          <text x={area.left - 6} y={y(tick)} dy="0.32em" text-anchor="end">
            {yText(tick)}
          </text>
        </g>
      ))}
      {xTicks.map((tick) => (
        <text key={tick} x={x(tick)} y={area.bottom + 16} text-anchor={anchorOf(xText(tick), x(tick), area)}>
          {xText(tick)}
        </text>
      ))}
      <line class="base" x1={area.left} x2={area.right} y1={area.bottom} y2={area.bottom} />
    </g>
  )
}

/** Keeps a number of the time axis inside the chart, and clear of the other axis' numbers. */
function anchorOf(text: string, x: number, { left, right }: Area): 'start' | 'middle' | 'end' {
  if (x > right - 16) return 'end'
  return text.length > 4 && x < left + 16 ? 'start' : 'middle'
}

/** The chart's numbers as a table, for readers who cannot see the chart or want exact values. */
export interface Table {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The parts of a chart around the drawing. */
export interface FrameProps {
  readonly title: string
  /** A sentence that describes the chart to readers who cannot see it. */
  readonly summary: string
  readonly height: number
  readonly legend?: ComponentChildren
  readonly table: () => Table
  readonly tables: boolean
  readonly children: (area: Area) => ComponentChildren
  readonly left?: number
  /** Selecting a time range by dragging, in seconds. */
  readonly drag?: {
    readonly toSeconds: (x: number, area: Area) => number
    readonly chosen: (from: number, to: number) => void
  }
}

/** A chart with its title, its legend, and the same numbers in a table. */
export function Frame(props: FrameProps): VNode {
  const { title, summary, height, legend, table, tables, children, left = 56, drag } = props
  const { ref, width } = useWidth(640)
  const area: Area = { width, height, left, right: width - 12, top: 10, bottom: height - 26 }
  const [open, setOpen] = useState(false)
  const [band, setBand] = useState<{ from: number; to: number }>()
  const at = (event: PointerEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    return Math.min(area.right, Math.max(area.left, event.clientX - box.left))
  }
  const isOpen = open || tables
  return (
    <figure class="chart">
      <figcaption>
        <span class="title">{title}</span>
        {legend}
      </figcaption>
      <div ref={ref}>
        <svg
          role="img"
          aria-label={`${title}. ${summary}`}
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          class={drag ? 'draggable' : undefined}
          onPointerDown={
            drag &&
            ((event) => {
              if (event.pointerType !== 'mouse' || event.button !== 0) return
              event.currentTarget.setPointerCapture(event.pointerId)
              setBand({ from: at(event), to: at(event) })
            })
          }
          onPointerMove={band && ((event) => setBand({ ...band, to: at(event) }))}
          onPointerUp={
            band &&
            drag &&
            (() => {
              const [from, to] = [Math.min(band.from, band.to), Math.max(band.from, band.to)]
              setBand(undefined)
              if (to - from > 8) drag.chosen(drag.toSeconds(from, area), drag.toSeconds(to, area))
            })
          }
          onPointerCancel={band && (() => setBand(undefined))}
        >
          {children(area)}
          {band && (
            <rect
              class="band"
              x={Math.min(band.from, band.to)}
              y={area.top}
              width={Math.abs(band.to - band.from)}
              height={area.bottom - area.top}
            />
          )}
        </svg>
      </div>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          Numbers<span class="hidden"> of {title}</span>
        </summary>
        {isOpen && <Numbers {...table()} />}
      </details>
    </figure>
  )
}

/** The numbers of a chart as a table. */
export function Numbers({ caption, head, rows }: Table): VNode {
  return (
    <Scroll label={caption}>
      <table class="numbers">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, place) => (place === 0 ? <th scope="row">{cell}</th> : <td key={place}>{cell}</td>))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** A limited number of a table's rows, evenly spread; the last one is always included. */
export function someRows<Row>(rows: readonly Row[], most = 60): readonly Row[] {
  if (rows.length <= most) return rows
  const step = rows.length / most
  return Array.from({ length: most }, (_, at) => rows[Math.min(rows.length - 1, Math.ceil((at + 1) * step) - 1)]!)
}

/** The legend of the lines; they never differ by colour alone. */
export function Legend({ items }: { items: readonly (readonly [string, string])[] }): VNode {
  return (
    <span class="legend">
      {items.map(([name, text]) => (
        <span key={name} class="item">
          <svg width="24" height="10" aria-hidden="true">
            <line x1="1" x2="23" y1="5" y2="5" class={`line ${name}`} />
          </svg>
          {text}
        </span>
      ))}
    </span>
  )
}

interface LabelsProps {
  readonly labels: readonly Label[]
  readonly area: Area
  /** Marks that no label may hide. */
  readonly points?: readonly Point[]
}

/** Labels in a chart, placed without overlap. */
export function Labels({ labels, area, points }: LabelsProps): VNode {
  return (
    <>
      {placed(labels, area, points).map(({ text, class: name, x, y, anchor }) => (
        <text key={text} class={name} x={x} y={y} text-anchor={anchor}>
          {text}
        </text>
      ))}
    </>
  )
}
