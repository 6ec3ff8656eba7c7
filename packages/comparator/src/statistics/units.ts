import {
  type Alternative,
  type EProcess,
  eProcess,
  gatedProcess,
  type Lean,
  leanOfRank,
  leanOfRates,
  leanOfTail,
  meanProcess,
  type Ranks,
  type Rates,
  type TailShare,
  unitProcess,
} from '@coalmine/stats'
import { feedingSome } from './run.ts'
import type { Ranked } from './statistics.ts'

/**
 * What the evidence of ticks as units has to stand at. Measured, beside 5, 10 and 20: at 5 healthy services of three instances an arm
 * of which one starves now and then fail twice as often, at 20 a latency twice as high is found ten seconds later.
 */
export const enough: number = Math.log(8)

/** Evidence that counts only at ticks at which something else says so too. */
export function whileStanding<Block extends { readonly tick: number }>(
  process: EProcess<Block>,
  stands: (tick: number) => boolean,
): EProcess<Block> {
  return eProcess((strata) => {
    process.add(...strata)
    const last = strata.at(-1)
    return last && stands(last.tick) ? process.logE : Math.min(0, process.logE)
  })
}

/** Evidence on values while most ticks say the same: by the rank, or by the highest tenth or hundredth. */
export function valuesStand<Block>(
  process: EProcess<Block>,
  alternative: Alternative,
  read: (region: 'typical' | TailShare) => (block: Block) => Ranked | undefined,
): EProcess<Block> {
  const sign = alternative === 'greater' ? 1 : -1
  const unit = (region: 'typical' | TailShare, lean: (strata: readonly Ranks[]) => Lean): EProcess<Block> =>
    feedingSome(
      unitProcess<Ranked>((strata) => sign * lean(strata.filter(isRanks))),
      read(region),
    )
  const regions = [
    unit('typical', leanOfRank),
    unit(0.1, (strata) => leanOfTail(strata, 0.1)),
    unit(0.01, (strata) => leanOfTail(strata, 0.01)),
  ]
  return gatedProcess(process, meanProcess(regions, [2, 1, 1]), enough)
}

/**
 * Evidence on a rate while most ticks say the same, and all ticks together too: a finding never contradicts the rates that are shown
 * beside it. Where stable fails in bursts and the canary a little all the time, most ticks say one thing and their sum another.
 */
export function ratesStand(
  process: EProcess<Rates>,
  alternative: Alternative,
  limit: (rate: number) => number,
): EProcess<Rates> {
  const sign = alternative === 'greater' ? 1 : -1
  const unit = unitProcess<Rates>((strata) => sign * leanOfRates(strata, limit))
  const standing = gatedProcess(process, unit, enough)
  // Evidence of less is that an improvement is missing: the rates may well be equal then.
  return alternative === 'greater' ? gatedProcess(standing, excess(), Number.MIN_VALUE) : standing
}

/** By how many events the canary is beyond what stable's rate, tick by tick, gives it: a sum, not evidence. */
function excess(): EProcess<Rates> {
  let sum = 0
  return eProcess((strata) => {
    for (const { stable, canary } of strata)
      if (stable.n > 0 && canary.n > 0) sum += canary.events - (canary.n * stable.events) / stable.n
    return sum
  })
}

const isRanks = (block: Ranked): block is Ranks => 'wins' in block
