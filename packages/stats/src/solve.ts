/**
 * Finds where an increasing function crosses zero between two points, by bisection to floating-point precision.
 *
 * @example solve((x) => x * x - 2, 0, 2) // 1.4142135623730951
 */
export function solve(increasing: (x: number) => number, from: number, to: number): number {
  let low = from
  let high = to
  for (let step = 0; step < 200; step += 1) {
    const middle = low + (high - low) / 2
    if (middle <= low || middle >= high || high - low <= 1e-15 * Math.abs(middle)) break
    if (increasing(middle) < 0) low = middle
    else high = middle
  }
  return low + (high - low) / 2
}
