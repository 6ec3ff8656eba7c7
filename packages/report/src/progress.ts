import { evidenceProgress, type Verdict } from '@coalmine/comparator'
import { count, duration } from '@coalmine/comparator/numbers'

/**
 * One line that says how far a running comparison is: time, canary requests, and how much of the evidence that FAIL
 * and PASS need has come in.
 *
 * @example progressLine(verdict) // '1 min 20 s  4 210 canary requests  harm 12 %  safety 64 %'
 */
export function progressLine(verdict: Verdict): string {
  const { harm, safety } = evidenceProgress(verdict)
  return [
    duration(verdict.window.seconds),
    `${count(verdict.cohorts.canary.requests)} canary requests`,
    `evidence of harm ${harm} %`,
    `of safety ${safety} %`,
  ].join('  ')
}
