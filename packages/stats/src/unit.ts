import { type EProcess, eProcess } from './e-process.ts'
import type { Lean } from './lean.ts'
import { tiltedProcess } from './tilted.ts'

/**
 * Evidence with the tick as the unit: a tick counts once, however many of its requests fail together.
 *
 * Each tick is one bet that it speaks against the canary: it multiplies E by 1 + l x, with x from -1 to 1, averaged over a few l. Where
 * the canary is no worse, x has a mean of at most 0 and E one of at most 1, whatever the spread of x: bets on the rank of the
 * canary's instance among stable's would grow faster, and go wrong where instances with less traffic are noisier.
 *
 * @param lean the combined lean of the strata of a tick.
 * @example
 * const process = unitProcess<Rates>((strata) => leanOfRates(strata, (share) => share))
 * process.add({ stable: { n: 90, events: 0 }, canary: { n: 90, events: 9 } })
 * process.logE // 0.39
 */
export function unitProcess<Block>(lean: (strata: readonly Block[]) => Lean): EProcess<Block> {
  const bet = tiltedProcess<Lean>(stakes.length, 'greater', (x, into) => {
    for (let at = 0; at < stakes.length; at += 1) into[at] = Math.log1p(stakes[at]! * x)
    return aTick
  })
  return eProcess((strata) => {
    bet.add(lean(strata))
    return bet.logE
  })
}

// Small ones for what is a little worse in many ticks, the large one twice: what is worse in every tick is known after five.
const stakes = [0.15, 0.4, 0.9, 0.9]

// How much a tick informs, in canary requests, about: the stake that is held back is put in after tens of them.
const aTick = 10
