import type { Evidence } from '../finding.ts'
import { shareOfNeeded } from './evidence.ts'
import type { Verdict } from './verdict.ts'

/** How far the evidence has come, in whole per cents of what is needed. */
export interface EvidenceProgress {
  /** Towards the nearest FAIL. */
  readonly harm: number
  /** Towards PASS, all its parts on average. */
  readonly safety: number
}

/**
 * How far the evidence of a verdict has come: what a person who watches a comparison wants to know.
 *
 * @example evidenceProgress(verdict) // { harm: 12, safety: 64 }
 */
export function evidenceProgress(verdict: Pick<Verdict, 'findings'>): EvidenceProgress {
  const findings = verdict.findings.filter((finding) => finding.gate === 'on')
  const harm = findings.map((finding) => atMostAll(finding.evidence.worse))
  const safety = findings
    .filter((finding) => finding.required)
    .flatMap((finding) => finding.evidence.within.map(atMostAll))
  const mean = safety.reduce((sum, one) => sum + one, 0) / Math.max(1, safety.length)
  return { harm: Math.floor(100 * Math.max(0, ...harm)), safety: Math.floor(100 * mean) }
}

function atMostAll(evidence: Evidence): number {
  return Math.min(1, Math.max(0, shareOfNeeded(evidence)))
}
