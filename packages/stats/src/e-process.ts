/**
 * Evidence against one hypothesis, fed block by block. While the hypothesis holds, the chance that E ever reaches 1/alpha
 * is at most alpha, for any number of looks (Ville 1939). O(1) memory.
 */
export interface EProcess<Block> {
  /** Adds a block, or the blocks of one tick, one per stratum: they count together, so their order does not matter. */
  add(...strata: readonly Block[]): void
  /** The current logarithm of E. */
  readonly logE: number
  /** Its running maximum, at least zero: `exp(-maxLogE)` is an anytime-valid p-value. */
  readonly maxLogE: number
}

/** The direction of the alternative: the canary's value is greater, or less, than the hypothesis allows. */
export type Alternative = 'greater' | 'less'

/**
 * An e-process from a function that takes the blocks of one tick and returns the logarithm of E after it.
 *
 * @example
 * let logE = 0
 * const coin = eProcess<'heads' | 'tails'>((tosses) => tosses.reduce((_, toss) => (logE += Math.log(toss === 'heads' ? 1.2 : 0.8)), logE))
 */
export function eProcess<Block>(take: (strata: readonly Block[]) => number): EProcess<Block> {
  let logE = 0
  let maxLogE = 0
  return {
    add(...strata) {
      logE = take(strata)
      if (logE > maxLogE) maxLogE = logE
    },
    get logE() {
      return logE
    },
    get maxLogE() {
      return maxLogE
    },
  }
}

/**
 * The mean of e-processes that are fed the same blocks: evidence against the intersection of their hypotheses. With weights,
 * of which only the proportions count, the weighted mean.
 *
 * @example meanProcess([rankProcess({ alternative }), tailProcess({ alternative, share: 0.1 })], [3, 1])
 */
export function meanProcess<Block>(
  parts: readonly EProcess<Block>[],
  weights: readonly number[] = parts.map(() => 1),
): EProcess<Block> {
  if (weights.length !== parts.length || !weights.every((weight) => weight > 0 && weight < Infinity)) {
    throw new RangeError(`weights: expected ${parts.length} numbers above zero, got ${weights.join(', ')}`)
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const logWeights = weights.map((weight) => Math.log(weight / total))
  return joined(parts, (logs) => logSumExp(logs, logWeights))
}

/**
 * The minimum of e-processes that are fed the same blocks: evidence that every one of their hypotheses is false.
 *
 * @example minProcess([oddsRatioProcess({ alternative, oddsRatio: 1.5 }), riskDifferenceProcess({ alternative, difference: 0.001 })])
 */
export function minProcess<Block>(parts: readonly EProcess<Block>[]): EProcess<Block> {
  return joined(parts, (logs) => logs.reduce((least, log) => Math.min(least, log)))
}

/**
 * Evidence that counts only while another process, fed the same blocks, is at `enough` or more; otherwise it is at most 1. It never
 * exceeds the evidence without the gate, so it stays valid.
 *
 * @param enough the logarithm of E that the other process needs.
 * @example gatedProcess(rankProcess({ alternative: 'greater' }), unitProcess, Math.log(8)).logE // 0 until the units say so too
 */
export function gatedProcess<Block>(process: EProcess<Block>, gate: EProcess<Block>, enough: number): EProcess<Block> {
  return eProcess((strata) => {
    process.add(...strata)
    gate.add(...strata)
    return gate.logE >= enough ? process.logE : Math.min(0, process.logE)
  })
}

/**
 * Caps evidence so that no tick multiplies it by more than `most`. It stays valid: the factor of a
 * tick has a mean of at most 1, and capping only lowers it.
 *
 * @example cappedProcess(rankProcess({ alternative: 'greater' }), 3) // after one tick at most log 3
 */
export function cappedProcess<Block>(process: EProcess<Block>, most: number): EProcess<Block> {
  const logMost = Math.log(most)
  let before = process.logE
  let logE = before
  return eProcess((strata) => {
    process.add(...strata)
    logE += Math.min(logMost, process.logE - before)
    before = process.logE
    return logE
  })
}

function joined<Block>(parts: readonly EProcess<Block>[], join: (logs: readonly number[]) => number): EProcess<Block> {
  if (parts.length === 0) throw new RangeError('parts: expected at least one e-process')
  return eProcess((strata) => {
    for (const part of parts) part.add(...strata)
    return join(parts.map((part) => part.logE))
  })
}

/** `log(sum(exp(logs + logWeights)))`, without overflow. */
function logSumExp(logs: readonly number[], logWeights: readonly number[]): number {
  let greatest = -Infinity
  for (let at = 0; at < logs.length; at += 1) greatest = Math.max(greatest, logs[at]!)
  if (greatest === -Infinity) return greatest
  let sum = 0
  for (let at = 0; at < logs.length; at += 1) sum += Math.exp(logs[at]! - greatest + logWeights[at]!)
  return greatest + Math.log(sum)
}
