import { hodgesLehmann, mannWhitney } from '@coalmine/stats'
import { median } from 'simple-statistics'
import { defaultMargins, formatMargin } from '../policy/margin.ts'
import type { PlainSeries } from './read-series.ts'
import type { SeriesPolicy, TestedSeries } from './series-verdict.ts'

/** Two samples of numbers, each value of stable moved by the margin: is canary beyond, or short of, what is left? */
export function testValues(
  { stable, canary }: Extract<PlainSeries, { kind: 'values' }>,
  { worse, margin: written, alpha, alphaPass }: SeriesPolicy,
): TestedSeries {
  const text = written ?? formatMargin(defaultMargins.ratio)
  const margin = valuesMargin(text)
  const allowed = (value: number): number => Math.max(margin.ratio * Math.abs(value), margin.absolute)
  const acceptable = stable.map((value) => (worse === 'higher' ? value + allowed(value) : value - allowed(value)))
  const against = { stable: acceptable, canary }
  const [beyond, short] = worse === 'higher' ? (['greater', 'less'] as const) : (['less', 'greater'] as const)
  const level = Math.min(alpha, alphaPass)
  const located = hodgesLehmann({ stable, canary }, { alpha: level })
  const found = located.kind === 'estimated' ? located : { shift: null, interval: { lower: null, upper: null } }
  return {
    margin: text,
    stable: { count: stable.length, value: middleOf(stable) },
    canary: { count: canary.length, value: middleOf(canary) },
    difference: found.shift,
    interval: { ...found.interval, level },
    worse: mannWhitney(against, { alternative: beyond }),
    within: mannWhitney(against, { alternative: short }),
    test: 'Mann-Whitney',
  }
}

/** `10%`, `0.5`, or `10%,0.5`: whichever is larger. */
function valuesMargin(text: string): { readonly ratio: number; readonly absolute: number } {
  let ratio = 0
  let absolute = 0
  for (const part of text.split(',').map((half) => half.trim())) {
    const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(part)
    if (!match) throw new RangeError(`expected a margin such as 10%, 0.5 or 10%,0.5, got "${text}"`)
    if (match[2] === '%') ratio = Number(match[1]) / 100
    else absolute = Number(match[1])
  }
  return { ratio, absolute }
}

function middleOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : median(values)
}
