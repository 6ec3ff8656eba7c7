import type { Margins } from '../hypergeometric.ts'
import { logFactorial } from '../log-factorial.ts'

/**
 * Mean and variance of the canary's part of a block's events at an odds ratio: noncentral hypergeometric, summed
 * over all parts.
 */
export function noncentralMoments(margins: Margins, oddsRatio: number): { mean: number; variance: number } {
  const { n, m, events } = margins
  const total = n + m
  if (oddsRatio === 1) {
    return {
      mean: (events * m) / total,
      variance: total < 2 ? 0 : (events * m * n * (total - events)) / (total * total * (total - 1)),
    }
  }
  const { least, chances } = partChances(margins, oddsRatio)
  let mean = 0
  for (let at = 0; at < chances.length; at += 1) mean += chances[at]! * (least + at)
  let variance = 0
  for (let at = 0; at < chances.length; at += 1) variance += chances[at]! * (least + at - mean) ** 2
  return { mean, variance }
}

/** The chance of each part that the canary may have of a block's events, from the least on, at an odds ratio. */
export function partChances(
  { n, m, events }: Margins,
  oddsRatio: number,
): { readonly least: number; readonly chances: Float64Array } {
  const least = Math.max(0, events - n)
  const most = Math.min(events, m)
  const logRatio = Math.log(oddsRatio)
  const logs = Float64Array.from(
    { length: most - least + 1 },
    (_, at) =>
      logRatio * (least + at) -
      logFactorial(least + at) -
      logFactorial(events - least - at) -
      logFactorial(m - least - at) -
      logFactorial(n - events + least + at),
  )
  return { least, chances: fromLogs(logs) }
}

/** Chances in proportion to the exponentials of some logarithms. */
export function fromLogs(logs: Float64Array): Float64Array {
  const greatest = logs.reduce((most, log) => Math.max(most, log), -Infinity)
  const chances = logs.map((log) => Math.exp(log - greatest))
  const sum = chances.reduce((total, chance) => total + chance, 0)
  return chances.map((chance) => chance / sum)
}
