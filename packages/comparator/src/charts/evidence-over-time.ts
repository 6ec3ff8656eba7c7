import type { Decided } from '../decide.ts'
import { rounded } from '../numbers.ts'
import { reachedAt } from '../statistics/run.ts'
import { secondsAfter } from '../tick.ts'
import { type Bins, risesInBins } from './bins.ts'
import type { MetricEvidence, TotalEvidence } from './charts.ts'

/** The evidence of one finding over time, with what decides; nothing but zeros where it is not judged. */
export function evidenceOf(decided: Decided | undefined, bins: Bins): MetricEvidence {
  if (!decided) return { harm: [], harmNeeded: 0, harmAt: null, safety: [], safetyNeeded: 0 }
  const { tested, neededWorse, neededWithin } = decided
  return {
    harm: risesInBins(bins, tested.worse),
    harmNeeded: rounded(neededWorse),
    harmAt: secondsAfter(bins.startMs, reachedAt(tested.worse, neededWorse)),
    safety: tested.within.map(({ part, run }) => ({
      part,
      values: risesInBins(bins, run),
      at: secondsAfter(bins.startMs, reachedAt(run, neededWithin)),
    })),
    safetyNeeded: rounded(neededWithin),
  }
}

/** How much of what FAIL and PASS need had come in, over all findings. */
export function totalOf(decided: readonly Decided[], bins: Bins): TotalEvidence {
  const harms = decided.map((one) => ({
    values: risesInBins(bins, one.tested.worse),
    needed: one.neededWorse,
    at: secondsAfter(bins.startMs, reachedAt(one.tested.worse, one.neededWorse)),
  }))
  const parts = decided
    .filter(({ required }) => required)
    .flatMap(({ tested, neededWithin }) =>
      tested.within.map(({ run }) => ({
        values: risesInBins(bins, run),
        needed: neededWithin,
        at: secondsAfter(bins.startMs, reachedAt(run, neededWithin)),
      })),
    )
  const over = (read: (at: number) => number): number[] =>
    Array.from({ length: bins.count }, (_, at) => rounded(read(at), 4))
  const crossed = harms.flatMap(({ at }) => (at === null ? [] : [at]))
  const shownAt = parts.map(({ at }) => at)
  return {
    harm: over((at) => Math.max(0, ...harms.map(({ values, needed }) => values[at]! / needed))),
    safety: over((at) =>
      parts.length === 0 ? 0 : Math.min(...parts.map(({ values, needed }) => values[at]! / needed)),
    ),
    shown: over((at) => parts.filter(({ values, needed }) => values[at]! >= needed).length),
    parts: parts.length,
    harmAt: crossed.length > 0 ? Math.min(...crossed) : null,
    safetyAt: parts.length > 0 && shownAt.every((at) => at !== null) ? Math.max(...(shownAt as number[])) : null,
  }
}
