import { type Alternative, type EProcess, eProcess } from './e-process.ts'

/**
 * The mean of several tilts, each multiplied up block by block, as an e-process.
 *
 * Harm may begin late: a leak, a job at the full hour, a flag turned up. After a healthy hour a plain product has sunk so low that
 * it needs another hour to come back. So for `greater` a fifth of the stake is held back and put in bit by bit as information
 * comes in; what is put in at a block multiplies from there on. That is a mixture over the block at which harm begins. How much is
 * put in depends only on what the block's factors are conditioned on (the arms' sizes, the total of events), so E stays valid. It
 * costs log 1.25 where harm is there from the start. `less` is to hold for the whole time, and has no second start.
 *
 * @param logFactors writes what a block multiplies each tilt by, as logarithms, and returns the block's information, nm/(n+m);
 * zero when it has nothing to tell.
 */
export function tiltedProcess<Block>(
  tilts: number,
  alternative: Alternative,
  logFactors: (block: Block, into: Float64Array) => number,
): EProcess<Block> {
  const held = alternative === 'greater' ? 0.2 : 0
  const factors = new Float64Array(tilts)
  const logs = new Float64Array(tilts).fill(Math.log1p(-held))
  let information = 0
  let left = held
  let logE = 0
  return eProcess((block) => {
    const more = logFactors(block, factors)
    if (more === 0) return logE
    information += more
    const stillLeft = held / (1 + Math.log1p(information / firstOnset))
    const logStake = Math.log(left - stillLeft)
    left = stillLeft
    const logLeft = Math.log(left)
    let greatest = logLeft
    for (let at = 0; at < tilts; at += 1) {
      logs[at] = logAdd(logs[at]!, logStake) + factors[at]!
      greatest = Math.max(greatest, logs[at]!)
    }
    let sum = tilts * Math.exp(logLeft - greatest)
    for (let at = 0; at < tilts; at += 1) sum += Math.exp(logs[at]! - greatest)
    logE = greatest + Math.log(sum / tilts)
    return logE
  })
}

// Information that it takes to see anything at all: about a hundred canary requests.
const firstOnset = 100

function logAdd(a: number, b: number): number {
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b))
}
