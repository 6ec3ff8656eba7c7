import type { Verdict } from '@coalmine/comparator'

/** What a failure comes from, in at most six lines. */
export function whyLines(verdict: Verdict): string[] {
  return verdict.interactions.map(({ message }) => message).slice(0, mostLines)
}

const mostLines = 6
