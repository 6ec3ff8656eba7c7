import type { Exceedances, Interval, TestResult } from '@coalmine/stats'
import type { Reason } from '../reason.ts'
import type { Outcome } from '../verdict/outcome.ts'
import type { PlainSeries } from './read-series.ts'

/** How strictly two series are judged. */
export interface SeriesPolicy {
  /** Chance of a FAIL for a canary exactly at the margin. */
  readonly alpha: number
  /** Chance of a PASS for a canary exactly at the margin. */
  readonly alphaPass: number
  /** The harmful direction. */
  readonly worse: 'higher' | 'lower'
  /** As people write it: `10%`, `0.5` in the values' unit, or both, whichever is larger; of rates `1.5,0.1pp`. */
  readonly margin: string | null
}

/** One arm's side. `value` is the median of its values, or the share of its events. */
export interface SeriesSide {
  /** Number of points; for rates, the sum of n. */
  readonly count: number
  readonly value: number | null
}

/** The verdict on two plain series, with the numbers behind it. */
export interface SeriesVerdict {
  readonly schema: 'coalmine.series/1'
  readonly verdict: Outcome
  readonly reasons: readonly Reason[]
  readonly kind: PlainSeries['kind']
  readonly worse: SeriesPolicy['worse']
  readonly margin: string
  readonly stable: SeriesSide
  readonly canary: SeriesSide
  /** Canary less stable: of values the Hodges-Lehmann shift, of rates the difference in the share; and its interval. */
  readonly difference: number | null
  readonly interval: Interval & { readonly level: number }
  /** p-values against "no worse than the margin" and against "worse than it"; null where nothing can be tested. */
  readonly evidence: {
    readonly worse: { readonly p: number | null; readonly needed: number }
    readonly within: { readonly p: number | null; readonly needed: number }
  }
  readonly test: string
  /**
   * Of values: the points that are furthest beyond the margin, where the canary has most more of them than its part; `stable` counts
   * stable's points with the margin added. Null for rates, and where nothing differs.
   */
  readonly exceedances: Exceedances | null
}

/** What is told of two series whatever was decided. */
export type SeriesEstimate = Pick<
  SeriesVerdict,
  'margin' | 'stable' | 'canary' | 'difference' | 'interval' | 'test' | 'exceedances'
>

/** What was tested: that canary is worse than the margin, and that it is within it. */
export type TestedSeries = SeriesEstimate & {
  readonly worse: TestResult<unknown>
  readonly within: TestResult<unknown>
}
