import type { Progress } from '@coalmine/comparator'
import { count, duration } from '@coalmine/comparator/numbers'

/**
 * Formats the progress of a running comparison as one line: time, canary requests, and how much of the evidence needed for
 * FAIL and for PASS has come in.
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
