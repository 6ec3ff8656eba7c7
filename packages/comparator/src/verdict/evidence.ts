import type { Evidence } from '../finding.ts'

/** The evidence as a p-value; 1 if there is none. */
export function pValueOf(evidence: Evidence): number {
  return evidence.kind === 'e-value' ? Math.min(1, Math.exp(-evidence.logE)) : (evidence.p ?? 1)
}

/**
 * The share of the evidence needed for a decision that has been reached: 1 is all of it.
 *
 * @example shareOfNeeded({ kind: 'e-value', logE: 1.5, needed: 3 }) // 0.5
 */
export function shareOfNeeded(evidence: Evidence): number {
  if (evidence.kind === 'e-value') return evidence.logE / evidence.needed
  return evidence.p === null ? 0 : Math.log(evidence.p) / Math.log(evidence.needed)
}
