import { logNormalCdf } from '../normal.ts'
import { normalQuantile } from '../normal-quantile.ts'
import { solve } from '../solve.ts'

/** How alpha is spent over the looks: hardly any early on (O'Brien-Fleming), nearly evenly (Pocock), or alpha t^exponent. */
export type Spending = 'obrien-fleming' | 'pocock' | 'power'

interface Looks {
  /** The share of the planned information (say, of the requests) that each look has: ascending. */
  readonly fractions: readonly number[]
  /** 1: only up; 2: up and down alike, with half of alpha each. */
  readonly sides: 1 | 2
}

/**
 * How far z must be out at each of a few planned looks, so that the chance of ever being out, if nothing differs, is `alpha`: the
 * bounds of Lan and DeMets 1983 by recursive numerical integration (Armitage, McPherson and Rowe 1969). More powerful than an
 * e-process where looks are few and their number is planned; void when looks are added.
 *
 * Looks beyond the planned end: the first whose fraction is 1 or more spends what is left of alpha, with the information that it
 * really has, so the level is kept; looks after it can reject nothing (Infinity). The bounds of earlier looks do not change.
 *
 * @param options `exponent` is that of power spending, 2 by default.
 * @returns for each look, the z that rejects; Infinity where nothing is to be spent.
 * @example
 * groupSequentialBounds({ spending: 'obrien-fleming', alpha: 0.05, fractions: [0.2, 0.4, 0.6, 0.8, 1], sides: 2 })
 * // [4.8769, 3.3570, 2.6803, 2.2898, 2.0310]
 */
export function groupSequentialBounds(
  options: Looks & { readonly spending: Spending; readonly alpha: number; readonly exponent?: number },
): number[] {
  const { spending, alpha, fractions, sides, exponent = 2 } = options
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected a number between 0 and 1, got ${alpha}`)
  if (!(exponent > 0 && exponent < Infinity)) {
    throw new RangeError(`exponent: expected a number above zero, got ${exponent}`)
  }
  checkFractions(fractions)
  const each = alpha / sides
  const bounds: number[] = []
  let path = start
  let spent = 0
  fractions.forEach((fraction) => {
    const target = spentBy(Math.min(1, fraction), spending, each, exponent)
    const share = target - spent
    spent = target
    const next = (z: number): number => chanceAbove(path, fraction, z)
    const bound = share <= 0 ? Infinity : solve((z) => share - next(z), -10, 40)
    bounds.push(bound)
    path = continued(path, fraction, { upper: bound, lower: sides === 2 ? -bound : -Infinity, drift: 0 })
  })
  return bounds
}

/**
 * The chance of first being above the bound at each look, when z drifts by `drift` at full information: at a drift of 0 what each
 * look spends, else the power of each look.
 *
 * @example
 * crossingChances({ bounds: [2.438, 2.386], fractions: [0.5, 1], sides: 1, drift: 3 }) // [0.3757, 0.3719]
 */
export function crossingChances(
  options: Looks & { readonly bounds: readonly number[]; readonly drift: number },
): number[] {
  const { fractions, sides, bounds, drift } = options
  checkFractions(fractions)
  let path = start
  return fractions.map((fraction, at) => {
    const bound = bounds[at]!
    const step = fraction - path.fraction
    const chance = path.nodes.reduce((sum, node, i) => {
      const away = (bound * Math.sqrt(fraction) - node - drift * step) / Math.sqrt(step)
      return sum + path.weights[i]! * Math.exp(logNormalCdf(-away))
    }, 0)
    path = continued(path, fraction, { upper: bound, lower: sides === 2 ? -bound : -Infinity, drift })
    return chance
  })
}

// What is spent on one side by a fraction of the information.
function spentBy(fraction: number, spending: Spending, alpha: number, exponent: number): number {
  switch (spending) {
    case 'obrien-fleming':
      return 2 * Math.exp(logNormalCdf(normalQuantile(alpha / 2) / Math.sqrt(fraction)))
    case 'pocock':
      return alpha * Math.log1p(Math.expm1(1) * fraction)
    case 'power':
      return alpha * fraction ** exponent
  }
}

/** The process z sqrt(fraction) at a look, among paths that have not crossed: points, each with its chance. */
interface Path {
  readonly fraction: number
  readonly nodes: readonly number[]
  readonly weights: readonly number[]
}

const start: Path = { fraction: 0, nodes: [0], weights: [1] }

function chanceAbove(path: Path, fraction: number, z: number): number {
  const sd = Math.sqrt(fraction - path.fraction)
  const bound = z * Math.sqrt(fraction)
  let sum = 0
  for (let at = 0; at < path.nodes.length; at += 1) {
    sum += path.weights[at]! * Math.exp(logNormalCdf((path.nodes[at]! - bound) / sd))
  }
  return sum
}

// Beyond so many standard deviations there is nothing left to integrate.
const farthest = 8

function continued(
  path: Path,
  fraction: number,
  { upper, lower, drift }: { readonly upper: number; readonly lower: number; readonly drift: number },
): Path {
  const sd = Math.sqrt(fraction - path.fraction)
  const root = Math.sqrt(fraction)
  const from = Math.max(lower * root, drift * fraction - farthest * root)
  const to = Math.min(upper * root, drift * fraction + farthest * root)
  const panels = to > from ? Math.ceil((to - from) / (1.5 * sd)) : 0
  const width = (to - from) / panels
  const nodes: number[] = []
  const weights: number[] = []
  for (let panel = 0; panel < panels; panel += 1) {
    const middle = from + (panel + 0.5) * width
    for (const [point, weight] of gaussLegendre) {
      for (const side of [-1, 1]) {
        const node = middle + (side * point * width) / 2
        nodes.push(node)
        weights.push(((weight * width) / 2) * densityAt(path, node - drift * (fraction - path.fraction), sd))
      }
    }
  }
  return { fraction, nodes, weights }
}

function densityAt(path: Path, value: number, sd: number): number {
  let sum = 0
  for (let at = 0; at < path.nodes.length; at += 1) {
    const away = (value - path.nodes[at]!) / sd
    if (Math.abs(away) < 9) sum += path.weights[at]! * Math.exp(-0.5 * away * away)
  }
  return sum / (sd * Math.sqrt(2 * Math.PI))
}

// Points and weights of the eight-point rule on [-1, 1], the positive half (Abramowitz and Stegun table 25.4).
const gaussLegendre = [
  [0.1834346424956498, 0.362683783378362],
  [0.525532409916329, 0.3137066458778873],
  [0.7966664774136267, 0.2223810344533745],
  [0.9602898564975363, 0.1012285362903763],
] as const

function checkFractions(fractions: readonly number[]): void {
  fractions.forEach((fraction, at) => {
    if (!(fraction > (fractions[at - 1] ?? 0) && fraction < Infinity)) {
      throw new RangeError(`fractions[${at}]: expected ascending numbers above zero, got ${fraction}`)
    }
  })
}
