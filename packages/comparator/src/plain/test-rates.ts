import {
  cochranMantelHaenszel,
  fisherExact,
  type Rates,
  riskDifferenceOnce,
  riskDifferenceTest,
  type TestResult,
} from '@coalmine/stats'
import { defaultMargins, formatMargin, parseMargin, type RateMargin } from '../policy/margin.ts'
import type { SeriesPolicy, SeriesSide, TestedSeries } from './series-verdict.ts'

/** Fewer events than these are tested exactly. */
const fewEvents = 10

/** Events of both arms, row by row: what a busy hour does to both is no difference. */
export function testRates(
  rows: readonly Rates[],
  { worse, margin: written, alpha, alphaPass }: SeriesPolicy,
): TestedSeries {
  // Where fewer hurt, the event that hurts is its absence.
  const harm =
    worse === 'higher' ? rows : rows.map(({ stable, canary }) => ({ stable: without(stable), canary: without(canary) }))
  const text = written ?? formatMargin(defaultMargins.rate)
  const margin = parseMargin('rate', text)
  const side = (arm: 'stable' | 'canary'): SeriesSide => {
    const n = rows.reduce((sum, row) => sum + row[arm].n, 0)
    const events = rows.reduce((sum, row) => sum + row[arm].events, 0)
    return { count: n, value: n === 0 ? null : events / n }
  }
  const events = harm.reduce((sum, { stable, canary }) => sum + stable.events + canary.events, 0)
  const exact = events < fewEvents
  const level = Math.min(alpha, alphaPass)
  const found = riskDifferenceOnce(rows, { alpha: level })
  return {
    margin: text,
    stable: side('stable'),
    canary: side('canary'),
    difference: found?.difference ?? null,
    interval: { ...(found?.interval ?? { lower: null, upper: null }), level },
    worse: allOf(rateTests(harm, margin, 'greater', exact)),
    within: anyOf(rateTests(harm, margin, 'less', exact)),
    exceedances: null,
    test: `${exact ? 'Fisher' : 'Cochran-Mantel-Haenszel'} and score difference`,
  }
}

/** One test for each half of the margin; a half that is zero allows nothing and is left out. */
function rateTests(
  rows: readonly Rates[],
  { oddsRatio, difference }: RateMargin,
  alternative: 'greater' | 'less',
  exact: boolean,
): TestResult<unknown>[] {
  const odds = exact
    ? fisherExact(rows, { alternative, oddsRatio })
    : cochranMantelHaenszel(rows, { alternative, oddsRatio })
  const more = riskDifferenceTest(rows, { alternative, difference })
  if (difference === 0) return [odds]
  return oddsRatio === 1 ? [more] : [odds, more]
}

/** Evidence that canary is beyond the larger half of the margin: beyond both. */
function allOf(results: readonly TestResult<unknown>[]): TestResult<unknown> {
  const untestable = results.find((result) => result.kind === 'untestable')
  if (untestable) return untestable
  return { kind: 'tested', p: Math.max(...results.map((result) => (result.kind === 'tested' ? result.p : 1))) }
}

/** Evidence that it is within one of them, which it has as many chances to show as there are tests (Bonferroni). */
function anyOf(results: readonly TestResult<unknown>[]): TestResult<unknown> {
  const ps = results.flatMap((result) => (result.kind === 'tested' ? [result.p] : []))
  if (ps.length === 0) return results[0]!
  return { kind: 'tested', p: Math.min(1, results.length * Math.min(...ps)) }
}

function without({ n, events }: Rates['stable']): Rates['stable'] {
  return { n, events: n - events }
}
