import {
  countOf,
  type Distributions,
  type EProcess,
  mapHistogram,
  matchedQuantiles,
  meanProcess,
  rankProcess,
  scaleInterval,
  type TailShare,
  tailProcess,
} from '@coalmine/stats'
import { alternativesOf, type Bound } from './claim.ts'
import { feeding, type Run, run, type TimedBlock } from './run.ts'
import type { DistributionBlock } from './series.ts'
import { type Estimate, shownInterval } from './tested.ts'
import type { Decision } from './verdict.ts'

/** Where in a distribution the canary differs: everywhere, or in its highest tenth, twentieth or hundredth. */
export type Place = 'typical' | TailShare

/** A side of a claim, and where it puts the limit for the canary, from stable's value. */
export interface Limit {
  readonly bound: Bound
  readonly limit: (value: number) => number
}

const tails: readonly TailShare[] = [0.1, 0.05, 0.01]
const quantiles: Record<Place, number> = { typical: 0.5, 0.1: 0.9, 0.05: 0.95, 0.01: 0.99 }

/** Evidence, and the places that it is the mean of. */
export interface Broken {
  readonly process: EProcess<DistributionBlock>
  readonly places: readonly { readonly place: Place; readonly process: EProcess<Distributions> }[]
}

/**
 * Evidence that a claim is broken: the mean of four e-processes, the rank and three tails. Buckets are rounded for the
 * canary.
 */
export function brokenBy({ bound, limit }: Limit): Broken {
  const { broken: alternative } = alternativesOf(bound)
  const places = [
    { place: 'typical' as Place, process: rankProcess({ alternative }) },
    ...tails.map((share) => ({ place: share, process: tailProcess({ alternative, share }) })),
  ]
  const mean = meanProcess(places.map(({ process }) => process))
  const rounding = bound.side === 'upper' ? 'up' : 'down'
  const process = feeding(mean, ({ stable, canary }: DistributionBlock) => ({
    stable: mapHistogram(stable, limit, rounding),
    canary,
  }))
  return { process, places }
}

/**
 * Evidence that a claim holds, for each place that must show it: the rank, the highest tenth and the highest hundredth, so
 * that a bad tail never passes. Buckets are rounded against the canary.
 */
export function holding(
  { bound, limit }: Limit,
  blocks: readonly DistributionBlock[],
): { readonly place: Place; readonly run: Run }[] {
  const { holds: alternative } = alternativesOf(bound)
  const rounding = bound.side === 'upper' ? 'down' : 'up'
  const limited = blocks.map(
    ({ tick, stable, canary }): TimedBlock<Distributions['stable']> => ({
      tick,
      stable: mapHistogram(stable, limit, rounding),
      canary,
    }),
  )
  return [
    { place: 'typical', run: run(rankProcess({ alternative }), limited) },
    ...([0.1, 0.01] as const).map((share) => ({
      place: share,
      run: run(tailProcess({ alternative, share }), limited),
    })),
  ]
}

/** The place with the most evidence that a claim is broken. */
export function carriedBy(broken: readonly Broken[]): { readonly place: Place; readonly maxLogE: number } {
  return broken
    .flatMap(({ places }) => places.map(({ place, process }) => ({ place, maxLogE: process.maxLogE })))
    .reduce((best, one) => (one.maxLogE > best.maxLogE ? one : best))
}

/** The sides, effect and interval at a place, in the unit of the values. */
export function placeEstimate(
  blocks: readonly DistributionBlock[],
  place: Place,
  decision: Decision,
  level: number,
): Pick<Estimate, 'stable' | 'canary' | 'effect' | 'interval'> {
  const matched = matchedQuantiles(blocks, quantiles[place])
  const part = place === 'typical' ? 'rank' : place
  return {
    stable: { count: total(blocks, 'stable'), events: null, value: matched?.stable ?? null },
    canary: { count: total(blocks, 'canary'), events: null, value: matched?.canary ?? null },
    effect: { kind: 'ratio', value: matched && matched.stable > 0 ? matched.canary / matched.stable : null },
    interval: shownInterval(scaleInterval(blocks, { alpha: level, part }), level, decision),
  }
}

function total(blocks: readonly DistributionBlock[], arm: 'stable' | 'canary'): number {
  return blocks.reduce((sum, block) => sum + countOf(block[arm]), 0)
}
