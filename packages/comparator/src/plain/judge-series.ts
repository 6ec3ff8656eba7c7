import type { TestResult } from '@coalmine/stats'
import { number, percent } from '../numbers.ts'
import type { Reason } from '../reason.ts'
import type { Outcome } from '../verdict/outcome.ts'
import type { PlainSeries } from './read-series.ts'
import type { SeriesEstimate, SeriesPolicy, SeriesVerdict } from './series-verdict.ts'
import { testRates } from './test-rates.ts'
import { allowedBy, testValues } from './test-values.ts'

/** Higher is worse, by the margin of the kind of series. */
export const defaultSeriesPolicy: SeriesPolicy = { alpha: 0.05, alphaPass: 0.05, worse: 'higher', margin: null }

/**
 * Judges two plain series by tests that look once: for values the rank of all of them, beyond and within the margin, and beside
 * it how many are beyond the margin, each at its level; conditional tests row by row for rates. Assumes points that are
 * independent of each other.
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

/** A verdict's numbers, before its words. */
type SeriesNumbers = Omit<SeriesVerdict, 'schema' | 'verdict' | 'reasons'>

function decisive(
  verdict: Outcome,
  empty: readonly string[],
  numbers: SeriesNumbers,
  result: TestResult<unknown>,
): Reason {
  const { margin, evidence } = numbers
  switch (verdict) {
    case 'invalid':
      return {
        code: 'no-data',
        weight: 'decides',
        message: `${empty.join(' and ')} ${empty.length > 1 ? 'have' : 'has'} no points.`,
      }
    case 'fail':
      return { code: 'worse-than-margin', weight: 'decides', message: failSentence(numbers) }
    case 'pass':
      return {
        code: 'within-margin',
        weight: 'decides',
        message: `Canary is within the margin of ${margin}${changePhrase(numbers)}.`,
      }
    case 'inconclusive': {
      const { p } = evidence.within
      const why =
        result.kind === 'untestable'
          ? 'nothing differs, so nothing can be tested'
          : `p = ${number(p ?? 1)} for being within it`
      return {
        code: 'not-enough-evidence',
        weight: 'blocks',
        message: `Not settled against the margin of ${margin}${changePhrase(numbers)}; ${why}. More points would decide it.`,
      }
    }
  }
}

/** By the medians where they show the harm, else by the points that do. */
function failSentence(numbers: SeriesNumbers): string {
  const { kind, worse, margin, stable, canary, exceedances } = numbers
  if (kind === 'rates' || exceedances === null || mediansShow(numbers))
    return `Canary is ${worse}${changePhrase(numbers)}, more than the margin of ${margin}.`
  const beyond = `${number(exceedances.from)} or ${worse === 'higher' ? 'more' : 'less'}`
  return `Canary is ${worse} in part: ${exceedances.canary} of its ${canary.count} points are ${beyond}, against ${exceedances.stable} of stable's ${stable.count} once the margin of ${margin} is allowed for.`
}

function mediansShow({ worse, margin, stable, canary }: SeriesNumbers): boolean {
  const limit = allowedBy(margin, worse)(stable.value!)
  return worse === 'higher' ? canary.value! > limit : canary.value! < limit
}

function changePhrase({ kind, stable, canary, difference, interval }: SeriesNumbers): string {
  if (difference === null) return ''
  const show = kind === 'values' ? number : percent
  const signed = (x: number): string => `${x > 0 ? '+' : ''}${kind === 'values' ? number(x) : `${number(100 * x)} pp`}`
  const [lower, upper] = [interval.lower, interval.upper].map((bound) => (bound === null ? 'unbounded' : signed(bound)))
  const what = kind === 'values' ? 'median' : 'rate'
  return `: ${what} ${show(stable.value!)} -> ${show(canary.value!)} (${signed(difference)}, ${lower} to ${upper})`
}

function oneLook({ stable, canary }: SeriesEstimate): Reason {
  return {
    code: 'one-look',
    weight: 'note',
    message: `A test of plain series holds for one look, and only if the points are independent of each other. Tests that allow any number of looks cannot decide on ${stable.count} and ${canary.count} points; they need spans.`,
  }
}
