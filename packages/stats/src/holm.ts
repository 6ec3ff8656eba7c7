/** Whether a hypothesis is rejected, and the level that it was, or would have to be, rejected at. */
export interface HolmDecision {
  readonly rejected: boolean
  readonly level: number
}

/**
 * Which of several hypotheses can be rejected with a chance of at most `alpha` that any of them is true, whatever their
 * dependence. Weights divide alpha among them; only their proportions count, and none may be zero (Holm 1979, weighted).
 *
 * @param options `levelAt`: at one of several planned looks, how much of an alpha it may use, less for less (Maurer and
 * Bretz 2013, Multiple testing in group sequential trials using graphical approaches).
 *
 * @example holm([0.01, 0.04, 0.03], { alpha: 0.05, weights: [1, 1, 1] }) // rejected: [true, false, false], level: [0.0167, 0.025, 0.025]
 */
export function holm(
  pValues: readonly number[],
  options: {
    readonly alpha: number
    readonly weights: readonly number[]
    readonly levelAt?: ((alpha: number) => number) | undefined
  },
): HolmDecision[] {
  const { alpha, weights, levelAt } = options
  if (weights.length !== pValues.length) {
    throw new RangeError(`weights: expected one for each of the ${pValues.length} p-values, got ${weights.length}`)
  }
  pValues.forEach((p, at) => {
    if (!(p >= 0 && p <= 1)) throw new RangeError(`pValues[${at}]: expected a number from 0 to 1, got ${p}`)
    const weight = weights[at]!
    if (!(weight > 0 && weight < Infinity)) {
      throw new RangeError(`weights[${at}]: expected a number above zero, got ${weight}`)
    }
  })
  if (levelAt) return atLook(pValues, weights, alpha, levelAt)
  const decisions: HolmDecision[] = new Array(pValues.length)
  const order = pValues.map((_, at) => at).sort((i, j) => pValues[i]! / weights[i]! - pValues[j]! / weights[j]!)
  let open = true
  let left = 0
  for (let step = 0; step < order.length; step += 1) {
    const at = order[step]!
    // Summed afresh, not subtracted: many small weights must not leave a rounding error behind.
    if (open) left = order.slice(step).reduce((sum, other) => sum + weights[other]!, 0)
    open &&= pValues[at]! * left <= alpha * weights[at]!
    decisions[at] = { rejected: open, level: Math.min(1, (alpha * weights[at]!) / left) }
  }
  return decisions
}

// At a look the order of the rejections is not that of the p-values by weight: what is nearest to its level goes first.
function atLook(
  pValues: readonly number[],
  weights: readonly number[],
  alpha: number,
  levelAt: (alpha: number) => number,
): HolmDecision[] {
  const decisions: HolmDecision[] = new Array(pValues.length)
  let open = pValues.map((_, at) => at)
  while (open.length > 0) {
    const left = open.reduce((sum, at) => sum + weights[at]!, 0)
    const levels = open.map((at) => ({ at, level: levelAt(Math.min(1 - 1e-9, (alpha * weights[at]!) / left)) }))
    const next = levels.reduce((best, one) =>
      pValues[one.at]! * best.level < pValues[best.at]! * one.level ? one : best,
    )
    if (pValues[next.at]! > next.level) {
      for (const { at, level } of levels) decisions[at] = { rejected: false, level }
      return decisions
    }
    decisions[next.at] = { rejected: true, level: next.level }
    open = open.filter((at) => at !== next.at)
  }
  return decisions
}
