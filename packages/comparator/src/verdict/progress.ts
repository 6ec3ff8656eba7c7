import type { Evidence, Finding } from '../finding.ts'
import { shareOfNeeded } from './evidence.ts'
import type { Verdict } from './verdict.ts'

/** How far a comparison has come. */
export interface Progress {
  /** Seconds of canary traffic judged. */
  readonly seconds: number
  readonly canaryRequests: number
  /** Evidence reached of what the nearest FAIL needs, in whole per cent. */
  readonly harmPercent: number
  /** Evidence reached of what PASS needs, averaged over its parts, in whole per cent. */
  readonly safetyPercent: number
}

/**
 * How far a comparison has come, for people who watch it.
 *
 * @example progressOf(verdict) // { seconds: 80, canaryRequests: 4210, harmPercent: 12, safetyPercent: 64 }
 */
export function progressOf({ findings, window, cohorts }: Pick<Verdict, 'findings' | 'window' | 'cohorts'>): Progress {
  const judged = findings.filter((finding) => finding.gate === 'on')
  return { seconds: window.seconds, canaryRequests: cohorts.canary.requests, ...shownOf(judged) }
}

/** How far the evidence of the findings that decide has come. */
export function shownOf(
  judged: readonly Pick<Finding, 'required' | 'evidence'>[],
): Pick<Progress, 'harmPercent' | 'safetyPercent'> {
  const harm = judged.map((finding) => share(finding.evidence.worse))
  const safety = judged.filter((finding) => finding.required).flatMap((finding) => finding.evidence.within.map(share))
  const mean = safety.reduce((sum, one) => sum + one, 0) / Math.max(1, safety.length)
  return { harmPercent: Math.floor(100 * Math.max(0, ...harm)), safetyPercent: Math.floor(100 * mean) }
}

function share(evidence: Evidence): number {
  return Math.min(1, Math.max(0, shareOfNeeded(evidence)))
}
