import type { Finding } from '../finding.ts'
import { otherOperations } from '../scopes.ts'
import { shareOfNeeded } from '../verdict/evidence.ts'

/**
 * The worst finding: of those that failed, or of all if none did, the one with the most
 * evidence of harm relative to what it needed; operations come before the whole service. Advisory findings do not count.
 *
 * @example worstOf(verdict.findings)?.operation // 'GET /cart'
 */
export function worstOf(findings: readonly Finding[]): Finding | undefined {
  const judged = findings.filter(({ gate }) => gate === 'on')
  const failed = judged.filter(({ decision }) => decision === 'fail')
  const among = failed.length > 0 ? failed : judged
  const named = among.filter(({ operation }) => operation !== null && operation !== otherOperations)
  const share = ({ evidence: { worse } }: Finding): number => shareOfNeeded(worse)
  return (named.length > 0 ? named : among).toSorted((a, b) => share(b) - share(a))[0]
}
