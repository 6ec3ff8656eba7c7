import type { Alternative, EProcess } from './e-process.ts'
import { fewValues, logMoments, type Margins, writeChances } from './hypergeometric.ts'
import { checkRates, type Rates } from './rates.ts'
import { tiltedProcess } from './tilted.ts'
import { tiltsOf } from './tilts.ts'

/** What an odds ratio's evidence reads of a tick: for each stratum the chances of the canary's part of its events. */
interface OddsTick {
  readonly information: number
  readonly strata: readonly OddsStratum[]
}

interface OddsStratum extends Margins {
  /** The canary's part of the events, and the least that it can be. */
  readonly seen: number
  readonly least: number
  /** Each value's chance, in proportion; null where there are too many to keep. */
  readonly chances: Float64Array | null
}

/** The ticks that tell something of an odds ratio. */
export function oddsTicks(ticks: readonly (readonly Rates[])[]): OddsTick[] {
  return ticks.map((blocks) => {
    let information = 0
    const strata = blocks.flatMap((block) => {
      const stratum = stratumOf(block)
      if (stratum === null) return []
      information += (stratum.n * stratum.m) / (stratum.n + stratum.m)
      return [stratum]
    })
    return { information, strata }
  })
}

function stratumOf(block: Rates): OddsStratum | null {
  checkRates(block)
  const { n } = block.stable
  const m = block.canary.n
  const events = block.stable.events + block.canary.events
  if (n === 0 || m === 0 || events === 0 || events === n + m) return null
  const least = Math.max(0, events - n)
  const most = Math.min(events, m)
  const margins = { n, m, events }
  const chances = most - least <= fewValues ? new Float64Array(most - least + 1) : null
  if (chances) writeChances(margins, least, most, chances)
  return { ...margins, seen: block.canary.events, least, chances }
}

/**
 * `oddsRatioProcess` for ticks that are asked about one odds ratio after another: what does not depend on it is worked out
 * once, and the strata of a tick share their logarithms.
 */
export function oddsRatioProcessAt(oddsRatio: number, alternative: Alternative): EProcess<OddsTick> {
  const tilts = tiltsOf(alternative)
  const margin = Math.log(oddsRatio)
  // The last is the margin itself.
  const beyond = Float64Array.from([...tilts, 0], (tilt) => margin + tilt)
  const ratios = beyond.map(Math.exp)
  const steepest = Math.max(...beyond.map(Math.abs))
  const products = new Float64Array(beyond.length)
  const logs = new Float64Array(beyond.length)
  const moments = new Float64Array(beyond.length)
  return tiltedProcess(tilts.length, alternative, (tick, into) => {
    products.fill(1)
    logs.fill(0)
    let above = 0
    for (const stratum of tick.strata) {
      above += stratum.seen - stratum.least
      if (stratum.chances && steepest * stratum.chances.length <= largestPower) multiply(stratum.chances)
      else {
        logMoments(stratum, beyond, moments)
        for (let at = 0; at < beyond.length; at += 1) logs[at]! += moments[at]! - beyond[at]! * stratum.least
      }
    }
    const atMargin = logs[tilts.length]! + Math.log(products[tilts.length]!)
    for (let at = 0; at < tilts.length; at += 1) {
      into[at] = tilts[at]! * above - (logs[at]! + Math.log(products[at]!) - atMargin)
    }
    return tick.information
  })

  function multiply(chances: Float64Array): void {
    for (let at = 0; at < ratios.length; at += 1) {
      const ratio = ratios[at]!
      let sum = 0
      for (let value = chances.length - 1; value >= 0; value -= 1) sum = sum * ratio + chances[value]!
      const product = products[at]! * sum
      if (product > 1e100 || product < 1e-100) {
        logs[at]! += Math.log(product)
        products[at] = 1
      } else products[at] = product
    }
  }
}

// So that no product overflows.
const largestPower = 300
