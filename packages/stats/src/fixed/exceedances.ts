import { type TestResult, untestable } from './result.ts'
import { tallyOf, type Values } from './tally.ts'
import { logHypergeometric } from './tied-wins.ts'

/** Of how many of the largest pooled values (of the smallest, for `less`) the canary has more than its part, and how many are its own. */
export interface Exceedances {
  /** The smallest of those values (the largest, for `less`). */
  readonly from: number
  readonly stable: number
  readonly canary: number
}

/**
 * Whether the canary has more than its part of the largest values (`greater`), or of the smallest (`less`), by one look at one
 * sample of each: for harm to some of the points, which the rank of all of them sees late. For every number of largest values up
 * to half of all, the canary's part of them is hypergeometric when both arms have one distribution; the least of these p-values is
 * the statistic, and its own p-value is exact: all labellings are gone through, a distinct value at a time, so ties do no harm.
 * Holds for every canary that is stochastically no larger than stable. Assumes independent values.
 *
 * The exceedance test of Gumbel and von Schelling 1950, over all thresholds; the exact law as for the tests of Berk and Jones 1979.
 *
 * @example
 * exceedanceTest({ stable: [1, 1, 1, 1, 1], canary: [1, 1, 9, 9, 9] }, { alternative: 'greater' })
 * // { kind: 'tested', p: 0.0833, from: 9, stable: 0, canary: 3 }
 */
export function exceedanceTest(
  arms: Values,
  { alternative }: { readonly alternative: 'greater' | 'less' },
): TestResult<Exceedances> {
  const n = arms.stable.length
  const m = arms.canary.length
  if (n === 0 || m === 0) return untestable('empty-arm')
  const groups = groupsFromTheEnd(arms, alternative)
  if (groups.length < 2) return untestable('no-variance')
  const cuts = groups.filter(({ size }) => size <= (n + m) / 2)
  let least = Infinity
  let best: Exceedances | undefined
  for (const { from, size, canary } of cuts) {
    const p = tailOf(size, n + m, m)[canary]!
    if (p < least) {
      least = p
      best = { from, stable: size - canary, canary }
    }
  }
  if (!best) return { kind: 'tested', p: 1, from: groups[0]!.from, stable: 0, canary: 0 }
  return { kind: 'tested', p: chanceOf(least, cuts, n + m, m), ...best }
}

/** The distinct values from the end that hurts on: how many pooled values are there or beyond, and how many of them the canary's. */
interface Group {
  readonly from: number
  readonly here: number
  readonly size: number
  readonly canary: number
}

function groupsFromTheEnd(arms: Values, alternative: 'greater' | 'less'): Group[] {
  const { stable, canary } = tallyOf(arms)
  const values = [...new Set([...arms.stable, ...arms.canary])].sort((a, b) => a - b)
  const order = values.map((_, at) => at)
  if (alternative === 'greater') order.reverse()
  let size = 0
  let own = 0
  return order.map((at) => {
    const here = stable[at]! + canary[at]!
    size += here
    own += canary[at]!
    return { from: values[at]!, here, size, canary: own }
  })
}

/** The chance that at least so many of `size` values are the canary's m of all `total`, for each number from 0 on. */
function tailOf(size: number, total: number, m: number): Float64Array {
  const most = Math.min(size, m)
  const tail = new Float64Array(most + 2)
  const fewest = Math.max(0, m - (total - size))
  for (let own = most; own >= 0; own -= 1) {
    tail[own] = tail[own + 1]! + (own >= fewest ? Math.exp(logHypergeometric(own, size, total, m)) : 0)
  }
  return tail.map((chance) => Math.min(1, chance))
}

/** The chance that one of the p-values is as small as `least`: of all labellings those are taken out that reach it, cut by cut. */
function chanceOf(least: number, cuts: readonly Group[], total: number, m: number): number {
  // Values equal up to rounding are as extreme.
  const reached = least * (1 + 1e-7)
  let alive = new Float64Array(m + 1)
  alive[0] = 1
  let gone = 0
  let seen = 0
  for (const { here, size } of cuts) {
    const tail = tailOf(size, total, m)
    const next = new Float64Array(m + 1)
    for (let taken = 0; taken <= Math.min(seen, m); taken += 1) {
      if (alive[taken] === 0) continue
      const left = total - seen
      const wanted = m - taken
      for (let own = Math.max(0, wanted - (left - here)); own <= Math.min(here, wanted); own += 1) {
        const chance = alive[taken]! * Math.exp(logHypergeometric(own, here, left, wanted))
        if (tail[taken + own]! <= reached) gone += chance
        else next[taken + own]! += chance
      }
    }
    alive = next
    seen += here
  }
  return Math.min(1, gone)
}
