import type { Facts } from '../facts.ts'
import type { Hosts } from '../fairness/hosts.ts'
import type { Finding } from '../finding.ts'
import type { Outcome } from './outcome.ts'

/** What a FAIL proves to be worse: the build, or only one instance of it, whose host may be the reason. */
export type Proves = 'build' | 'instance'

/**
 * What a FAIL proves. With a single canary instance, that instance is worse. With several, it is one instance if every metric that failed
 * has the same instance out of line with the others.
 *
 * @returns null if nothing failed, if the cohorts share their instances, or if instances cannot be told apart.
 */
export function provesOf(
  outcome: Outcome,
  findings: readonly Finding[],
  { canary, fairness }: Pick<Facts, 'canary' | 'fairness'>,
  hosts: Hosts | null,
): Proves | null {
  const shared = fairness?.instances?.some((one) => one.cohort === 'both') ?? false
  if (outcome !== 'fail' || shared || canary.instances === 0) return null
  if (canary.instances === 1) return 'instance'
  const failed = new Set(findings.filter((one) => one.decision === 'fail').map((one) => one.metric))
  const apart = (hosts?.outOfLine ?? []).filter((one) => failed.has(one.metric))
  const one = new Set(apart.map(({ instance }) => instance)).size === 1
  return one && new Set(apart.map(({ metric }) => metric)).size === failed.size ? 'instance' : 'build'
}
