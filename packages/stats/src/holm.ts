/** Whether a hypothesis is rejected, and the level at which it was, or would have to be, rejected. */
export interface HolmDecision {
  readonly rejected: boolean
  readonly level: number
}

/**
 * Selects the hypotheses that can be rejected with a chance of at most `alpha` that any of them is true, whatever their
 * dependence. Weights divide alpha among them; only their proportions count, and none may be zero (Holm 1979, weighted).
 *
 * @example holm([0.01, 0.04, 0.03], { alpha: 0.05, weights: [1, 1, 1] }) // rejected: [true, false, false], level: [0.0167, 0.025, 0.025]
 */
export function holm(
  pValues: readonly number[],
  { alpha, weights }: { readonly alpha: number; readonly weights: readonly number[] },
): HolmDecision[] {
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
  const decisions: HolmDecision[] = new Array(pValues.length)
  const order = pValues.map((_, at) => at).sort((i, j) => pValues[i]! / weights[i]! - pValues[j]! / weights[j]!)
  let open = true
  let left = 0
  for (let step = 0; step < order.length; step += 1) {
    const at = order[step]!
    // Summed afresh instead of subtracted, so that many small weights leave no rounding error.
    if (open) left = order.slice(step).reduce((sum, other) => sum + weights[other]!, 0)
    open &&= pValues[at]! * left <= alpha * weights[at]!
    decisions[at] = { rejected: open, level: Math.min(1, (alpha * weights[at]!) / left) }
  }
  return decisions
}
