import { type Alternative, type EProcess, eProcess } from './e-process.ts'
import { type Counts, shareProcess } from './share.ts'

/**
 * The overdispersion of the split of counts between the arms, relative to independent units: 1 for independent
 * requests, about b for batches of b. The mean over blocks of (canary - share N)^2 / (N share (1 - share)), at least 1; blocks
 * without counts are left out.
 *
 * Divide counts by it before testing their share, unless you can count independent units (traces, users) instead,
 * which is better.
 *
 * McCullagh and Nelder 1989, Generalized Linear Models, section 4.5.
 *
 * @example dispersionOf([{ stable: 90, canary: 10 }, { stable: 80, canary: 20 }], 0.1) // 5.56
 */
export function dispersionOf(blocks: readonly Counts[], share: number): number {
  if (!(share > 0 && share < 1)) throw new RangeError(`share: expected a number between 0 and 1, got ${share}`)
  let sum = 0
  let counted = 0
  for (const block of blocks) {
    const squared = excessOf(block, share)
    if (squared === undefined) continue
    sum += squared
    counted += 1
  }
  return counted === 0 ? 1 : Math.max(1, sum / counted)
}

/**
 * Evidence about the canary's share of counts that may come in batches: `shareProcess` on the counts so far, divided by their
 * dispersion so far. Silent for the first `burnIn` blocks, 24 by default, from which the dispersion is first estimated.
 *
 * Asymptotic, since the dispersion is an estimate: keep alpha small, and prefer to count traces. Measured (beside this file): with
 * batches of one to ten, the chance of a false alarm at 5 % is at most 3 %, against 50 % and more for the raw counts.
 *
 * @example
 * const process = dispersedShareProcess({ alternative: 'less', share: 0.1, concentration: 1000 })
 * process.add({ stable: 450, canary: 50 })
 * process.logE // 0, until there have been 24 blocks
 */
export function dispersedShareProcess(options: {
  readonly alternative: Alternative | 'different'
  readonly share: number
  readonly concentration: number
  readonly burnIn?: number
}): EProcess<Counts> {
  const { share, burnIn = 24 } = options
  let stable = 0
  let canary = 0
  let blocks = 0
  let squares = 0
  return eProcess((strata) => {
    for (const block of strata) {
      stable += block.stable
      canary += block.canary
      const squared = excessOf(block, share)
      if (squared === undefined) continue
      squares += squared
      blocks += 1
    }
    const process = shareProcess(options)
    if (blocks < burnIn) return process.logE
    const dispersion = Math.max(1, squares / blocks)
    process.add({ stable: stable / dispersion, canary: canary / dispersion })
    return process.logE
  })
}

function excessOf({ stable, canary }: Counts, share: number): number | undefined {
  const total = stable + canary
  return total > 0 ? (canary - share * total) ** 2 / (total * share * (1 - share)) : undefined
}
