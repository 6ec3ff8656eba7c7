import type { Evidence, Verdict } from '@coalmine/comparator'
import { count, duration } from '@coalmine/comparator/numbers'

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

/**
 * In whole per cents of the evidence that is needed: the nearest FAIL, and all parts of PASS on average.
 *
 * @example progress(verdict) // { worse: 12, within: 64 }
 */
export function progress(verdict: Verdict): { readonly worse: number; readonly within: number } {
  const findings = verdict.findings.filter((finding) => finding.gate === 'on')
  const share = (evidence: Evidence): number => {
    if (evidence.kind === 'e-value') return Math.min(1, Math.max(0, evidence.logE) / evidence.needed)
    return evidence.p === null ? 0 : Math.min(1, Math.log(evidence.p) / Math.log(evidence.needed))
  }
  const worse = findings.map((finding) => share(finding.evidence.worse))
  const within = findings.filter((finding) => finding.required).flatMap((finding) => finding.evidence.within.map(share))
  const mean = within.reduce((sum, one) => sum + one, 0) / Math.max(1, within.length)
  return { worse: Math.floor(100 * Math.max(0, ...worse)), within: Math.floor(100 * mean) }
}
