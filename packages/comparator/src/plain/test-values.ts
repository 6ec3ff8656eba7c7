import { exceedanceTest, hodgesLehmann, mannWhitney, type TestResult } from '@coalmine/stats'
import { median } from 'simple-statistics'
import { defaultMargins, formatMargin } from '../policy/margin.ts'
import type { PlainSeries } from './read-series.ts'
import type { SeriesPolicy, TestedSeries } from './series-verdict.ts'

/** The part of alpha that the rank of all points has; exceedances, which see harm to some of them, have the rest. */
const rankShare = 0.8

/** Two samples of numbers, each value of stable moved by the margin: is canary beyond, or short of, what is left? */
export function testValues(
  { stable, canary }: Extract<PlainSeries, { kind: 'values' }>,
  { worse, margin: written, alpha, alphaPass }: SeriesPolicy,
): TestedSeries {
  const text = written ?? formatMargin(defaultMargins.ratio)
  const acceptable = stable.map(allowedBy(text, worse))
  const against = { stable: acceptable, canary }
  const [beyond, short] = worse === 'higher' ? (['greater', 'less'] as const) : (['less', 'greater'] as const)
  const level = Math.min(alpha, alphaPass)
  const located = hodgesLehmann({ stable, canary }, { alpha: level })
  const found = located.kind === 'estimated' ? located : { shift: null, interval: { lower: null, upper: null } }
  const rank = mannWhitney(against, { alternative: beyond })
  const exceeding = exceedanceTest(against, { alternative: beyond })
  const exact = rank.kind === 'tested' && rank.method === 'exact'
  return {
    margin: text,
    stable: { count: stable.length, value: middleOf(stable) },
    canary: { count: canary.length, value: middleOf(canary) },
    difference: found.shift,
    interval: { ...found.interval, level },
    worse: eitherOf(rank, exceeding),
    within: mannWhitney(against, { alternative: short }),
    exceedances:
      exceeding.kind === 'tested' ? { from: exceeding.from, stable: exceeding.stable, canary: exceeding.canary } : null,
    test: `Mann-Whitney${exact ? ', exact,' : ''} and exceedances`,
  }
}

/** Evidence that either of them has, each at its part of the level (Bonferroni, weighted). */
function eitherOf(rank: TestResult<unknown>, exceeding: TestResult<unknown>): TestResult<unknown> {
  if (rank.kind === 'untestable' || exceeding.kind === 'untestable') return rank
  return { kind: 'tested', p: Math.min(1, rank.p / rankShare, exceeding.p / (1 - rankShare)) }
}

/**
 * The worst value that a margin such as `10%`, `0.5` or `10%,0.5` (whichever is larger) allows for each value of stable.
 *
 * @throws {RangeError} when the margin is none.
 * @example allowedBy('10%', 'higher')(100) // 110
 */
export function allowedBy(margin: string, worse: SeriesPolicy['worse']): (value: number) => number {
  let ratio = 0
  let absolute = 0
  for (const half of margin.split(',').map((text) => text.trim())) {
    const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(half)
    if (!match) throw new RangeError(`expected a margin such as 10%, 0.5 or 10%,0.5, got "${margin}"`)
    if (match[2] === '%') ratio = Number(match[1]) / 100
    else absolute = Number(match[1])
  }
  const sign = worse === 'higher' ? 1 : -1
  return (value) => value + sign * Math.max(ratio * Math.abs(value), absolute)
}

function middleOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values)
}
