import { oddsRatioProcess, type Rates } from '@coalmine/stats'
import { countsOf } from '../metrics/lost-requests.ts'
import { percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'
import type { OperationSeries, TimedBlock } from '../series.ts'
import { run } from '../statistics/run.ts'

// A difference this small, in odds, is of no consequence; and one that chance brings once in a thousand times is not chance.
const tolerated = 1.25
const level = 0.001
// Long enough to hold some of each operation; no block multiplies evidence by more than three, so it takes many.
const blockMs = 15_000

/**
 * Whether the arms get different requests: an operation's share of the traffic differs beyond chance. Operations
 * are strata, so it biases no finding; it shows that routing depends on the caller.
 */
export function mixReasons(series: readonly OperationSeries[]): Reason[] {
  const all = new Map(countsOf(series).map((tick) => [tick.tick, tick]))
  const suspects = series
    .map((one) => ({ one, odds: oddsRatioOf(one, series) }))
    .filter(({ odds }) => odds > tolerated || odds < 1 / tolerated)
  const needed = -Math.log(level / series.length / 2)
  const proved = suspects.filter(({ one, odds }) => {
    const process = oddsRatioProcess({ alternative: 'greater', oddsRatio: tolerated })
    return run(process, blocksIn(one, all, odds < 1)).maxLogE >= needed
  })
  const [first] = proved.sort((a, b) => Math.abs(Math.log(b.odds)) - Math.abs(Math.log(a.odds)))
  if (!first) return []
  const others = proved.length - 1
  const more = others > 0 ? ` (and ${others} more ${others === 1 ? 'operation differs' : 'operations differ'})` : ''
  const share = (arm: 'stable' | 'canary'): string =>
    percent(first.one.totals[arm].requests / series.reduce((sum, one) => sum + one.totals[arm].requests, 0))
  return [
    {
      code: 'mix-differs',
      weight: 'note',
      message: `${first.one.operation} is ${share('canary')} of the canary's requests and ${share('stable')} of stable's${more}: the cohorts get different requests. Each operation is compared with itself, so no finding is biased. See whether something routes by request.`,
    },
  ]
}

/** Operations that one arm never served are reported elsewhere. */
function oddsRatioOf(one: OperationSeries, series: readonly OperationSeries[]): number {
  const odds = (arm: 'stable' | 'canary'): number => {
    const all = series.reduce((sum, other) => sum + other.totals[arm].requests, 0)
    return one.totals[arm].requests / (all - one.totals[arm].requests)
  }
  const ratio = odds('canary') / odds('stable')
  return ratio > 0 && ratio < Infinity ? ratio : 1
}

/** The operation's requests among all of its block of time; the arms swapped where the canary has fewer. */
function blocksIn(
  one: OperationSeries,
  all: ReadonlyMap<number, TimedBlock<number>>,
  swapped: boolean,
): TimedBlock<Rates['stable']>[] {
  const blocks = new Map<number, { stable: { n: number; events: number }; canary: { n: number; events: number } }>()
  const at = (tick: number): { stable: { n: number; events: number }; canary: { n: number; events: number } } => {
    const block = Math.floor(tick / blockMs) * blockMs
    const found = blocks.get(block) ?? { stable: { n: 0, events: 0 }, canary: { n: 0, events: 0 } }
    blocks.set(block, found)
    return found
  }
  for (const arm of ['stable', 'canary'] as const) {
    for (const [tick, counts] of all) at(tick)[arm].n += counts[arm]
    for (const counts of one.requests) at(counts.tick)[arm].events += counts[arm]
  }
  return [...blocks]
    .sort(([a], [b]) => a - b)
    .map(([tick, { stable, canary }]) =>
      swapped ? { tick, stable: canary, canary: stable } : { tick, stable, canary },
    )
}
