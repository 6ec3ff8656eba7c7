import type { Progress } from '@coalmine/comparator'
import { count, duration } from '@coalmine/comparator/numbers'

/**
 * One line that says how far a running comparison is: time, canary requests, and how much of the evidence that FAIL
 * and PASS need has come in.
 *
 * @example progressLine(progressOf(verdict)) // '1 min 20 s  4 210 canary requests  evidence of harm 12 %  of safety 64 %'
 */
export function progressLine({ seconds, canaryRequests, harmPercent, safetyPercent }: Progress): string {
  return [
    duration(seconds),
    `${count(canaryRequests)} canary requests`,
    `evidence of harm ${harmPercent} %`,
    `of safety ${safetyPercent} %`,
  ].join('  ')
}
