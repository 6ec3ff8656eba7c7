import type { Area } from './area.ts'

/** The part of the window that charts show, in seconds since its start. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The range selected in the URL, if it lies within a window of the given length. */
export function rangeOf(
  chosen: { readonly from?: string | undefined; readonly to?: string | undefined },
  seconds: number,
): Range {
  const whole = Math.max(5, seconds)
  const from = Number(chosen.from ?? 0)
  const to = Number(chosen.to ?? whole)
  if (!(from >= 0 && to > from && from < whole)) return { from: 0, to: whole }
  return { from, to: Math.min(to, whole) }
}

/** The bins that overlap a range. */
export function binsIn({ from, to }: Range, binSeconds: number, bins: number): number[] {
  return Array.from({ length: bins }, (_, at) => at).filter(
    (at) => (at + 1) * binSeconds > from && at * binSeconds < to,
  )
}

/** Selecting a part of a range by dragging over a chart of it. */
export function rangeDrag(
  { from, to }: Range,
  chosen: (from: number, to: number) => void,
): { toSeconds: (x: number, area: Area) => number; chosen: (from: number, to: number) => void } {
  return {
    toSeconds: (x, area) => from + ((x - area.left) / (area.right - area.left)) * (to - from),
    chosen: (first, last) => chosen(Math.floor(first / 5) * 5, Math.ceil(last / 5) * 5),
  }
}
