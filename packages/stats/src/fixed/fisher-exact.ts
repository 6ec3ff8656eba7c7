import type { Interval } from '../interval.ts'
import { checkRates, type Rates } from '../rates.ts'
import { solve } from '../solve.ts'
import { fromLogs, partChances } from './noncentral.ts'
import { checkAlpha, pOfChances, type Sided, type TestResult, untestable } from './result.ts'

/** The conditional maximum-likelihood odds ratio (0 or Infinity at the ends), with its exact interval. */
export interface FisherExact {
  readonly oddsRatio: number
  readonly interval: Interval
}

/**
 * Whether the odds of an event are, in the canary, more, less or other than `oddsRatio` times stable's, exactly, by one look:
 * for rare events, where normal approximations fail. One block is Fisher's exact test (R's `fisher.test`), several are the exact
 * conditional test of a common odds ratio (`mantelhaen.test` with `exact = TRUE`). The interval has each side at `alpha`; a side is
 * `null` where the events leave it open. Work grows with the square of the number of events: meant for up to a few thousand.
 *
 * @example
 * fisherExact([{ stable: { n: 9, events: 1 }, canary: { n: 7, events: 5 } }], { alternative: 'greater', alpha: 0.05 })
 * // { kind: 'tested', p: 0.0245, oddsRatio: 15.5, interval: { lower: 1.37, upper: 520 } }
 */
export function fisherExact(
  blocks: readonly Rates[],
  options: { readonly alternative: Sided; readonly oddsRatio?: number; readonly alpha?: number },
): TestResult<FisherExact> {
  const { alternative, oddsRatio = 1, alpha = 0.025 } = options
  checkAlpha(alpha)
  if (!(oddsRatio > 0 && oddsRatio < Infinity)) {
    throw new RangeError(`oddsRatio: expected a number above zero, got ${oddsRatio}`)
  }
  let least = 0
  let seen = 0
  let chances: Float64Array = Float64Array.of(1)
  let served = false
  for (const block of blocks) {
    checkRates(block)
    const { stable, canary } = block
    if (stable.n === 0 || canary.n === 0) continue
    served = true
    const part = partChances({ n: stable.n, m: canary.n, events: stable.events + canary.events }, 1)
    least += part.least
    seen += canary.events
    chances = convolved(chances, part.chances)
  }
  if (!served) return untestable('empty-arm')
  if (chances.length === 1) return untestable('no-variance')
  const logs = chances.map((chance) => Math.log(chance))
  const at = (logRatio: number): Float64Array => fromLogs(logs.map((log, k) => log + logRatio * k))
  const atLeast = (logRatio: number): number => pOfChances(at(logRatio), least, seen, 'greater')
  const atMost = (logRatio: number): number => pOfChances(at(logRatio), least, seen, 'less')
  const first = seen === least
  const last = seen === least + chances.length - 1
  const mean = (logRatio: number): number => at(logRatio).reduce((sum, chance, k) => sum + chance * k, least)
  return {
    kind: 'tested',
    p: pOfChances(at(Math.log(oddsRatio)), least, seen, alternative),
    oddsRatio: first ? 0 : last ? Infinity : Math.exp(solve((log) => mean(log) - seen, ...range)),
    interval: {
      lower: first ? null : Math.exp(solve((log) => atLeast(log) - alpha, ...range)),
      upper: last ? null : Math.exp(solve((log) => alpha - atMost(log), ...range)),
    },
  }
}

// Logarithms of the odds ratios that are looked at.
const range = [-40, 40] as const

function convolved(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length - 1)
  a.forEach((chance, i) => {
    b.forEach((other, j) => {
      both[i + j]! += chance * other
    })
  })
  return both
}
