import type { TestResult } from '@coalmine/stats'
import { number, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'
import type { Outcome } from '../verdict/outcome.ts'
import type { PlainSeries } from './read-series.ts'
import type { SeriesEstimate, SeriesPolicy, SeriesVerdict } from './series-verdict.ts'
import { testRates } from './test-rates.ts'
import { testValues } from './test-values.ts'

/** Higher is worse, by the margin of the kind of series. */
export const defaultSeriesPolicy: SeriesPolicy = { alpha: 0.05, alphaPass: 0.05, worse: 'higher', margin: null }

/**
 * Judges two plain series by tests that look once: Mann-Whitney for values, beyond and within the margin, each at its level;
 * conditional tests row by row for rates. Assumes points that are independent of each other.
 *
 * @throws {RangeError} when the margin is not one of its kind of series.
 * @example judgeSeries(readSeries(text, 'series.csv'), defaultSeriesPolicy).verdict // 'pass'
 */
export function judgeSeries(series: PlainSeries, policy: SeriesPolicy): SeriesVerdict {
  const tested = series.kind === 'values' ? testValues(series, policy) : testRates(series.rows, policy)
  const { worse, within, ...estimate } = tested
  const empty = (['stable', 'canary'] as const).filter((arm) => tested[arm].count === 0)
  const pOf = (result: TestResult<unknown>): number | null => (result.kind === 'tested' ? result.p : null)
  const evidence = {
    worse: { p: pOf(worse), needed: policy.alpha },
    within: { p: pOf(within), needed: policy.alphaPass },
  }
  const reached = ({ p, needed }: { p: number | null; needed: number }): boolean => p !== null && p <= needed
  const verdict: Outcome =
    empty.length > 0 ? 'invalid' : reached(evidence.worse) ? 'fail' : reached(evidence.within) ? 'pass' : 'inconclusive'
  const common = { kind: series.kind, worse: policy.worse, ...estimate, evidence }
  return {
    schema: 'coalmine.series/1',
    verdict,
    reasons: [decisive(verdict, empty, common, worse), oneLook(tested)],
    ...common,
  }
}

function decisive(
  verdict: Outcome,
  empty: readonly string[],
  {
    kind,
    worse,
    margin,
    stable,
    canary,
    difference,
    interval,
    evidence,
  }: Omit<SeriesVerdict, 'schema' | 'verdict' | 'reasons'>,
  result: TestResult<unknown>,
): Reason {
  const show = kind === 'values' ? number : percent
  const signed = (x: number): string => `${x > 0 ? '+' : ''}${kind === 'values' ? number(x) : `${number(100 * x)} pp`}`
  if (verdict === 'invalid') {
    return {
      code: 'no-data',
      weight: 'decides',
      message: `${empty.join(' and ')} ${empty.length > 1 ? 'have' : 'has'} no points.`,
    }
  }
  const bounds = [interval.lower, interval.upper].map((bound) => (bound === null ? 'unbounded' : signed(bound)))
  const what = kind === 'values' ? 'median' : 'rate'
  const change =
    difference === null
      ? ''
      : `: ${what} ${show(stable.value!)} -> ${show(canary.value!)} (${signed(difference)}, ${bounds[0]} to ${bounds[1]})`
  switch (verdict) {
    case 'fail':
      return {
        code: 'worse-than-margin',
        weight: 'decides',
        message: `Canary is ${worse}${change}, more than the margin of ${margin}.`,
      }
    case 'pass':
      return { code: 'within-margin', weight: 'decides', message: `Canary is within the margin of ${margin}${change}.` }
    case 'inconclusive': {
      const { p } = evidence.within
      const why =
        result.kind === 'untestable'
          ? 'nothing differs, so nothing can be tested'
          : `p = ${number(p ?? 1)} for within it`
      return {
        code: 'not-enough-evidence',
        weight: 'blocks',
        message: `Not settled against the margin of ${margin}${change}; ${why}. More points would tell.`,
      }
    }
  }
}

function oneLook({ stable, canary }: SeriesEstimate): Reason {
  return {
    code: 'one-look',
    weight: 'note',
    message: `A test of plain series holds for one look, and for points that are independent of each other. The tests that may look at any time cannot decide on ${stable.count} and ${canary.count} points: give spans for those.`,
  }
}
