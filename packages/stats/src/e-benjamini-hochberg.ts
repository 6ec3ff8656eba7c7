/**
 * Selects hypotheses to reject so that, on average, at most a share `alpha` of those rejected are true, whatever their
 * dependence: for example, "which of 200 operations regressed?". Takes the k largest e-values, k the most for which the k-th is at least
 * n/(k alpha). Use e-values from one time, not their running maxima.
 *
 * Wang and Ramdas 2022, False discovery rate control with e-values.
 *
 * @param logEs logarithms of e-values.
 * @returns for each hypothesis, whether it is rejected.
 * @example eBenjaminiHochberg([Math.log(50), Math.log(32), 0], 0.05) // [true, true, false]
 */
export function eBenjaminiHochberg(logEs: readonly number[], alpha: number): boolean[] {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: expected a number between 0 and 1, got ${alpha}`)
  logEs.forEach((logE, at) => {
    if (Number.isNaN(logE)) throw new RangeError(`logEs[${at}]: expected a number, got ${logE}`)
  })
  const descending = [...logEs].sort((a, b) => b - a)
  let least = Infinity
  descending.forEach((logE, at) => {
    if (logE >= Math.log(logEs.length / ((at + 1) * alpha))) least = logE
  })
  return logEs.map((logE) => logE >= least)
}
