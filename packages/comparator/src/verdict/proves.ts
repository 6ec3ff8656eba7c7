import type { Facts } from '../facts.ts'
import type { Hosts } from '../fairness/hosts.ts'
import type { Finding } from '../finding.ts'
import type { Outcome } from './outcome.ts'

/** What a FAIL proves to be worse: the build, or no more than one instance of it, whose host may be the reason. */
export type Proves = 'build' | 'instance'

/**
 * What a FAIL proves. Of a canary on one instance, that instance is worse. Of several it is one instance where every metric that failed
 * has an instance out of line with its fellows, all of them the same one.
 *
 * @returns null where nothing failed, where the cohorts share their instances, and where instances are not known apart.
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
