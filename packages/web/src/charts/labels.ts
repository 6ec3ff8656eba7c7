import type { Area } from './area.ts'

/** A text in a chart, with its possible places: it takes the first that is free. */
export interface Label {
  readonly text: string
  readonly class: string
  readonly places: readonly Place[]
  readonly isBold?: boolean
}

/** The position of a text: its anchor on the baseline, in pixels. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly anchor: 'start' | 'end'
}

/** A point of a chart, in pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A text, and the place found for it. */
export interface Placed extends Place {
  readonly text: string
  readonly class: string
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

// For a sans-serif at 12 px, on the wide side: too much space does no harm.
const charWidth = 6.6
const boldWidth = 7.2
const above = 10
// Of a circle that marks a point.
const around = 8
const below = 3

/**
 * Places labels one after another, so that none covers another or leaves the chart. If none of a label's places is free, it takes
 * the one that hides the least.
 *
 * @param points marks that no label may hide, such as where a line was crossed.
 * @example placed([{ text: 'margin', class: 'note', places: besideLine(area, 40) }], area)
 */
export function placed(labels: readonly Label[], area: Area, points: readonly Point[] = []): Placed[] {
  const taken: Box[] = points.map(({ x, y }) => ({
    left: x - around,
    right: x + around,
    top: y - around,
    bottom: y + around,
  }))
  return labels.map(({ text, class: name, places, isBold = false }) => {
    const width = text.length * (isBold ? boldWidth : charWidth)
    let best: { readonly place: Place; readonly box: Box; readonly hidden: number } | undefined
    for (const place of places) {
      const box = boxOf(place, width)
      const hidden = outside(box, area) + taken.reduce((sum, one) => sum + overlap(box, one), 0)
      if (!best || hidden < best.hidden) best = { place, box, hidden }
      if (hidden === 0) break
    }
    if (!best) throw new Error(`${text}: a label needs a place`)
    taken.push(best.box)
    return { text, class: name, ...best.place }
  })
}

/** The places beside a horizontal line: above and below it, at its end and at its start. */
export function besideLine({ left, right }: Area, y: number): Place[] {
  const ends = [
    { x: right - 4, anchor: 'end' },
    { x: left + 4, anchor: 'start' },
  ] as const
  return [...ends.map((end) => ({ ...end, y: y - 5 })), ...ends.map((end) => ({ ...end, y: y + 14 }))]
}

/** The places beside a point on a vertical line: on both sides, below and above; then farther away, and at the edges. */
export function besidePoint({ left, right }: Area, x: number, y: number): Place[] {
  const sides = [
    { x: x + 10, anchor: 'start' },
    { x: x - 10, anchor: 'end' },
  ] as const
  const inOrder = x > left + (right - left) * 0.7 ? sides.toReversed() : sides
  const edges = [
    { x: right, anchor: 'end' },
    { x: left + 4, anchor: 'start' },
  ] as const
  const rows = [20, -12, 36, -28, 52, -44, 68].map((down) => y + down)
  return [inOrder, edges].flatMap((places) => rows.flatMap((at) => places.map((place) => ({ ...place, y: at }))))
}

const boxOf = ({ x, y, anchor }: Place, width: number): Box => ({
  left: anchor === 'start' ? x : x - width,
  right: anchor === 'start' ? x + width : x,
  top: y - above,
  bottom: y + below,
})

function overlap(a: Box, b: Box): number {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return wide > 0 && high > 0 ? wide * high : 0
}

/** How much of a box is outside the chart. It may touch the frame. */
function outside(box: Box, { left, right, top, bottom }: Area): number {
  const inside = overlap(box, { left, right: right + 4, top: top - 8, bottom })
  return (box.right - box.left) * (box.bottom - box.top) - inside
}
