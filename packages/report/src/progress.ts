import type { Verdict } from '@coalmine/comparator'
import { count, duration } from './format.ts'

/**
 * One line that says how far a running comparison is: time, canary requests, and how much of the evidence that FAIL
 * and PASS need has come in.
 *
 * @example progressLine(verdict) // '1 min 20 s  4 210 canary requests  harm 12 %  safety 64 %'
 */
export function progressLine(verdict: Verdict): string {
  const { worse, within } = progress(verdict)
  return [
    duration(verdict.window.seconds),
    `${count(verdict.cohorts.canary.requests)} canary requests`,
    `evidence of harm ${worse} %`,
    `of safety ${within} %`,
  ].join('  ')
}

/** The nearest FAIL and the farthest part of PASS, in whole per cents of the evidence that each needs. */
export function progress({ findings }: Verdict): { readonly worse: number; readonly within: number } {
  const shares = (all: readonly { logE: number; needed: number }[]): number[] =>
    all.map(({ logE, needed }) => Math.min(100, Math.floor((100 * Math.max(0, logE)) / needed)))
  return {
    worse: Math.max(0, ...shares(findings.map((finding) => finding.evidence.worse))),
    within: findings.length === 0 ? 0 : Math.min(...shares(findings.flatMap((finding) => finding.evidence.within))),
  }
}
