import { canaryInTop, type Distributions, sizesOf } from './distributions.ts'
import type { Alternative } from './e-process.ts'
import { type Interval, type Rejects, reaches } from './interval.ts'
import { type RankSum, rankSumProcess } from './rank.ts'
import { shiftedWins, shiftsAtOnce } from './shifted-wins.ts'
import { type TailCount, tailCountProcess } from './tail.ts'
import { type TailShare, tailSize } from './tail-size.ts'

type Ticks = readonly (readonly Distributions[])[]

/** Which shifts of stable, in buckets, the rank evidence rejects; and where about the first and last that it does not will be. */
export function byRank(ticks: Ticks, alpha: number): { readonly rejects: Rejects; readonly near: Interval } {
  const sumsAt = rankSumsAt(ticks)
  const rejected = (alternative: Alternative) => (shift: number) =>
    reaches(
      rankSumProcess<RankSum>({ alternative }, (sum) => sum),
      sumsAt(shift).map((sum) => [sum]),
      alpha,
    )
  return {
    rejects: { below: rejected('greater'), above: rejected('less') },
    near: nearby(sumsAt, -Math.log(alpha)),
  }
}

/** The same by the evidence from a tail. */
export function byTail(ticks: Ticks, alpha: number, share: TailShare): { readonly rejects: Rejects } {
  const sized = ticks.map((strata) =>
    strata.map((block) => {
      const { stable, canary } = sizesOf(block)
      return { block, stable, canary, size: tailSize(share, stable, canary) }
    }),
  )
  const countsAt = remember((shift): TailCount[][] =>
    sized.map((strata) =>
      strata.map(({ block, stable, canary, size }) => ({ stable, canary, inTail: canaryInTop(block, size, shift) })),
    ),
  )
  const rejected = (alternative: Alternative) => (shift: number) =>
    reaches(
      tailCountProcess<TailCount>({ alternative, share }, (count) => count),
      countsAt(shift),
      alpha,
    )
  return { rejects: { below: rejected('greater'), above: rejected('less') } }
}

/** The rank sums of each tick at a shift. */
function rankSumsAt(ticks: Ticks): (shift: number) => readonly RankSum[] {
  const blocks = ticks.flat()
  const winsAt = shiftedWins(blocks)
  const even = new Float64Array(blocks.length)
  const weights = new Float64Array(blocks.length)
  let next = 0
  const fixed = ticks.map((strata) => {
    let variance = 0
    let information = 0
    for (const block of strata) {
      const { stable: n, canary: m } = sizesOf(block)
      if (n > 0 && m > 0) {
        weights[next] = 1 / (n + m + 1)
        even[next] = (n * m) / 2
        variance += (n * m) / (12 * (n + m + 1))
        information += (n * m) / (n + m)
      }
      next += 1
    }
    return { variance, information, end: next }
  })
  const won = new Float64Array(shiftsAtOnce)
  const sumsFrom = remember((shift) => {
    const sums = Array.from({ length: shiftsAtOnce }, (): RankSum[] => [])
    let at = 0
    for (const { variance, information, end } of fixed) {
      const excess = [0, 0, 0, 0]
      for (; at < end; at += 1) {
        if (weights[at] === 0) continue
        winsAt(at, shift, won)
        for (let more = 0; more < shiftsAtOnce; more += 1) excess[more]! += (won[more]! - even[at]!) * weights[at]!
      }
      excess.forEach((sum, more) => {
        sums[more]!.push({ excess: sum, variance, information })
      })
    }
    return sums
  })
  return (shift) => {
    const first = shiftsAtOnce * Math.floor(shift / shiftsAtOnce)
    return sumsFrom(first)[shift - first]!
  }
}

/**
 * Where a normal approximation puts the interval's ends: the shift at which there is no excess left, found by Newton's steps,
 * plus and minus what excess the mixture needs for `enough` evidence.
 */
function nearby(sumsAt: (shift: number) => readonly RankSum[], enough: number): Interval {
  const total = (shift: number): number => sumsAt(shift).reduce((sum, { excess }) => sum + excess, 0)
  const variance = sumsAt(0).reduce((sum, tick) => sum + tick.variance, 0)
  let shift = 0
  let slope = 0
  for (let step = 0; step < 4; step += 1) {
    // Of shifts that are answered together.
    const first = shiftsAtOnce * Math.floor(shift / shiftsAtOnce)
    const excess = total(shift)
    slope = (total(first) - total(first + shiftsAtOnce - 1)) / (shiftsAtOnce - 1)
    if (!(slope > 0)) return { lower: null, upper: null }
    const move = Math.round(excess / slope)
    if (move === 0) break
    shift += Math.max(-farthestMove, Math.min(farthestMove, move))
  }
  const away = Math.sqrt(2 * variance * (enough + mixtureCost)) / slope
  return { lower: Math.floor(shift - away), upper: Math.ceil(shift + away) }
}

const farthestMove = 32

// What the mean of five tilts needs beyond the best of them, about.
const mixtureCost = 1.5

// The search asks for the same shift on either side.
function remember<Value>(at: (shift: number) => Value): (shift: number) => Value {
  const known = new Map<number, Value>()
  return (shift) => {
    const found = known.get(shift) ?? at(shift)
    known.set(shift, found)
    return found
  }
}
