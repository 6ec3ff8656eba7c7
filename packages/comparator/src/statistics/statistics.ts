import type {
  Alternative,
  BucketMap,
  Counts,
  Distributions,
  EProcess,
  Interval,
  Ranks,
  Rates,
  TailShare,
} from '@coalmine/stats'
import type { Run } from './run.ts'

/** A block of values as a test reads it, stable moved by a margin: its ranks, or the values where a test needs them all. */
export type Ranked = Ranks | Distributions

/** A run of evidence that a canary is worse. */
export interface StandingRun {
  readonly worse: Run
  /** The same run if something else said at which ticks it counts, without its blocks; absent where nothing does, or nothing is kept. */
  readonly worseWhile?: (stands: (tick: number) => boolean) => Run
}

/**
 * The tests of a mode. Each is fed blocks and returns the evidence as a logarithm: of an e-value,
 * which is valid at every look, or of the inverse of a p-value, which is valid for one.
 */
export interface Statistics {
  readonly kind: 'e-value' | 'p-value'
  /** A block with stable moved to a limit. */
  ranked(block: Distributions, limit: BucketMap): Ranked
  rank(alternative: Alternative): EProcess<Ranked>
  tail(alternative: Alternative, share: TailShare): EProcess<Ranked>
  odds(alternative: Alternative, oddsRatio: number): EProcess<Rates>
  difference(alternative: Alternative, difference: number): EProcess<Rates>
  share(alternative: Alternative, share: number): EProcess<Counts>
  /** Like `share`, for counts that may come in batches. */
  shareOfBatches(alternative: Alternative, share: number): EProcess<Counts>
  /** Evidence against the intersection of the hypotheses: any part may provide it, according to its weight. */
  any<Block>(parts: readonly EProcess<Block>[], weights?: readonly number[]): EProcess<Block>
  /** Evidence that every one of the hypotheses is false: all parts have to provide it. */
  all<Block>(parts: readonly EProcess<Block>[]): EProcess<Block>
  /**
   * Evidence that values are worse than their limits, while ticks as units say so too: requests of one tick may all be slow for one
   * reason. What tests that look once have to do with it, nobody knows: they are left as they are. `read` says what of a block each
   * region reads.
   */
  valuesStand<Block>(
    process: EProcess<Block>,
    alternative: Alternative,
    read: (region: 'typical' | TailShare) => (block: Block) => Ranked | undefined,
  ): EProcess<Block>
  /** Like `valuesStand`, for rates; `limit` is stable's rate moved by the margin. */
  ratesStand(process: EProcess<Rates>, alternative: Alternative, limit: (rate: number) => number): EProcess<Rates>
  /** Evidence that counts only at ticks at which something else says so too. Of one look there is nothing to wait for. */
  whileStanding<Block extends { readonly tick: number }>(
    process: EProcess<Block>,
    stands: (tick: number) => boolean,
  ): EProcess<Block>
  /** Runs evidence that counts only at ticks at which something else says so too. */
  runStanding<Block extends { readonly tick: number }>(
    process: EProcess<Block>,
    stands: (tick: number) => boolean,
    blocks: readonly Block[],
  ): StandingRun
  run<Block extends object>(process: EProcess<Block>, blocks: readonly (Block & { readonly tick: number })[]): Run
  scaleInterval(
    blocks: readonly Distributions[],
    options: { readonly alpha: number; readonly part: 'rank' | TailShare },
  ): Interval
  oddsRatioInterval(blocks: readonly Rates[], options: { readonly alpha: number }): Interval
  riskDifferenceInterval(blocks: readonly Rates[], options: { readonly alpha: number }): Interval
  shareInterval(blocks: readonly Counts[], options: { readonly alpha: number }): Interval
}
