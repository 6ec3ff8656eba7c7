import { type Alternative, type EProcess, eProcess } from './e-process.ts'

/**
 * The mean of several tilts, each multiplied up block by block, as an e-process.
 *
 * Requests of one tick are not independent: a process that stalls for a second, or an address that is gone for three, makes
 * hundreds of them slow or failing at once. So no tick multiplies a tilt by more than `mostPerTick`, all strata together: a factor
 * that is made smaller keeps its mean at most 1, and it takes several ticks to prove anything. Each tilt on its own, not the mean
 * of all: after one such tick the mean would be that of the steepest tilt alone, and fall with it.
 *
 * Harm may begin late: a leak, a job at the full hour, a flag turned up. After a healthy hour a plain product has sunk so low that
 * it needs another hour to come back. So for `greater` a fifth of the stake is held back and put in bit by bit as information
 * comes in; what is put in at a block multiplies from there on. That is a mixture over the block at which harm begins. How much is
 * put in depends only on what the block's factors are conditioned on (the arms' sizes, the total of events), so E stays valid. It
 * costs log 1.25 where harm is there from the start. `less` is to hold for the whole time, and has no second start.
 *
 * @param logFactors writes what a block multiplies each tilt by, as logarithms, and returns the block's information, nm/(n+m);
 * zero when it has nothing to tell. The strata of a tick multiply E together, as one step.
 */
export function tiltedProcess<Block>(
  tilts: number,
  alternative: Alternative,
  logFactors: (block: Block, into: Float64Array) => number,
): EProcess<Block> {
  const held = alternative === 'greater' ? 0.2 : 0
  const factors = new Float64Array(tilts)
  const sums = new Float64Array(tilts)
  // Each tilt's product is weight times 2^(512 power): logarithms would cost five times as much.
  const weights = new Float64Array(tilts).fill(1 - held)
  const powers = new Int32Array(tilts)
  let information = 0
  let left = held
  let logE = 0
  return eProcess((strata) => {
    let more = 0
    sums.fill(0)
    for (let at = 0; at < strata.length; at += 1) {
      const here = logFactors(strata[at]!, factors)
      if (here === 0) continue
      more += here
      for (let tilt = 0; tilt < tilts; tilt += 1) sums[tilt]! += factors[tilt]!
    }
    if (more === 0) return logE
    for (let tilt = 0; tilt < tilts; tilt += 1) if (sums[tilt]! > logMost) sums[tilt] = logMost
    information += more
    const stillLeft = held / (1 + Math.log1p(information / firstOnset))
    const stake = left - stillLeft
    left = stillLeft
    let highest = held > 0 ? 0 : -Infinity
    for (let at = 0; at < tilts; at += 1) {
      multiply(at, stake, sums[at]!)
      if (powers[at]! > highest) highest = powers[at]!
    }
    let sum = highest === 0 ? tilts * left : 0
    for (let at = 0; at < tilts; at += 1) {
      const below = highest - powers[at]!
      if (below === 0) sum += weights[at]!
      else if (below === 1) sum += weights[at]! / power
    }
    logE = Math.log(sum / tilts) + highest * logPower
    return logE
  })

  function multiply(at: number, stake: number, logFactor: number): void {
    let weight = weights[at]!
    let exponent = powers[at]!
    if (stake > 0) {
      if (exponent === 0) weight += stake
      else if (exponent < 0) {
        weight = stake + (exponent === -1 ? weight / power : 0)
        exponent = 0
      }
    }
    const whole = Math.abs(logFactor) < logPower / 2 ? 0 : Math.round(logFactor / logPower)
    weight *= Math.exp(logFactor - whole * logPower)
    exponent += whole
    if (weight > root) {
      weight /= power
      exponent += 1
    } else if (weight < 1 / root) {
      weight *= power
      exponent -= 1
    }
    weights[at] = weight
    powers[at] = exponent
  }
}

/** The largest factor by which one tick multiplies evidence. */
export const mostPerTick = 3

const logMost = Math.log(mostPerTick)
const power = 2 ** 512
const root = 2 ** 256
const logPower = 512 * Math.LN2

// Information that it takes to see anything at all: about a hundred canary requests.
const firstOnset = 100
