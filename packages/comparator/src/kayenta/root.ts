/**
 * A root of `f` between two places where its signs differ, by Brent's method (1973, Algorithms for Minimization without
 * Derivatives, chapter 4): secant or inverse quadratic steps while they shrink the bracket, halving where they do not.
 *
 * It stops within half the tolerance. A step function has no exact root, and where the search stops is then part of the
 * answer: the order of the steps is Brent's own.
 */
export function rootOf(
  f: (at: number) => number,
  { from, to, tolerance }: { readonly from: number; readonly to: number; readonly tolerance: number },
): number {
  // `best` is the latest guess, `before` the one before it, `across` the end of the bracket with the other sign.
  let before = { at: from, value: f(from) }
  let best = { at: to, value: f(to) }
  if (before.value === 0) return before.at
  if (best.value === 0) return best.at
  let across = before
  for (let step = 0; step < 1000; step += 1) {
    const last = best.at - before.at
    if (Math.abs(across.value) < Math.abs(best.value)) {
      before = best
      best = across
      across = before
    }
    const enough = 2 * Number.EPSILON * Math.abs(best.at) + tolerance / 2
    const half = (across.at - best.at) / 2
    if (Math.abs(half) <= enough || best.value === 0) return best.at
    let move = half
    if (Math.abs(last) >= enough && Math.abs(before.value) > Math.abs(best.value)) {
      const { p, q } = interpolated(before, best, across)
      if (p < 0.75 * 2 * half * q - Math.abs(enough * q) / 2 && p < Math.abs((last * q) / 2)) move = p / q
    }
    if (Math.abs(move) < enough) move = move > 0 ? enough : -enough
    before = best
    const at = best.at + move
    best = { at, value: f(at) }
    if (best.value > 0 === across.value > 0 && best.value !== 0) across = before
  }
  return best.at
}

interface Point {
  readonly at: number
  readonly value: number
}

/** The step p / q from `best`, p never negative. */
function interpolated(before: Point, best: Point, across: Point): { p: number; q: number } {
  const width = across.at - best.at
  const s = best.value / before.value
  let p: number
  let q: number
  if (before.at === across.at) {
    p = width * s
    q = 1 - s
  } else {
    const r = best.value / across.value
    const t = before.value / across.value
    p = s * (width * t * (t - r) - (best.at - before.at) * (r - 1))
    q = (t - 1) * (r - 1) * (s - 1)
  }
  return p > 0 ? { p, q: -q } : { p: -p, q }
}
