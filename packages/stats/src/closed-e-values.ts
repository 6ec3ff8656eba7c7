/**
 * E-values made fit to be read all at once: the logarithm of each hypothesis's e-value after closed testing with weighted means.
 * Rejecting all that are at least log(1/alpha) has a chance of at most `alpha` of rejecting any true one, whatever their
 * dependence; with e-processes, also at any time.
 *
 * A hypothesis counts as much as the least mean, weighted, of the e-values of any set that holds it (Vovk and Wang 2021, E-values:
 * calibration, combination and applications, section 5, with weights). That set is made of itself and all smaller e-values up to
 * the point where one more would raise the mean, so it is found by halving in O(n log n).
 *
 * @param logEs logarithms of e-values, as an e-process gives them.
 * @param weights only their proportions count; none may be zero.
 * @example closedEValues([Math.log(100), Math.log(4), 0], [1, 1, 1]) // log of [35, 2.5, 1]: at 5 % the first is rejected
 */
export function closedEValues(logEs: readonly number[], weights: readonly number[]): number[] {
  checkLogEs(logEs)
  if (weights.length !== logEs.length) {
    throw new RangeError(`weights: expected one for each of the ${logEs.length} e-values, got ${weights.length}`)
  }
  weights.forEach((weight, at) => {
    if (!(weight > 0 && weight < Infinity)) {
      throw new RangeError(`weights[${at}]: expected a number above zero, got ${weight}`)
    }
  })
  const order = logEs.map((_, at) => at).sort((i, j) => logEs[i]! - logEs[j]!)
  // Of the k smallest: the logarithm of their weighted sum, and their weight.
  const logSums = [-Infinity]
  const sums = [0]
  for (const at of order) {
    logSums.push(logAdd(logSums.at(-1)!, Math.log(weights[at]!) + logEs[at]!))
    sums.push(sums.at(-1)! + weights[at]!)
  }
  const adjusted: number[] = new Array(logEs.length)
  order.forEach((at, rank) => {
    const own = Math.log(weights[at]!) + logEs[at]!
    const mean = (k: number): number => logAdd(own, logSums[k]!) - Math.log(weights[at]! + sums[k]!)
    // The mean falls as long as what comes next is below it, and then it never falls again.
    let low = 0
    let high = rank
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (logEs[order[middle]!]! < mean(middle)) low = middle + 1
      else high = middle
    }
    adjusted[at] = mean(low)
  })
  return adjusted
}

/** Throws a RangeError that names what is not the logarithm of an e-value. */
export function checkLogEs(logEs: readonly number[]): void {
  logEs.forEach((logE, at) => {
    if (!(logE < Infinity)) throw new RangeError(`logEs[${at}]: expected a number below infinity, got ${logE}`)
  })
}

function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b
  if (b === -Infinity) return a
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))
}
