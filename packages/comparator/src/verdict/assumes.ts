import type { Facts } from '../facts.ts'
import type { Reason } from '../reason.ts'

/**
 * An assumption that spans cannot confirm: that instances are alike (`instances-alike`: no span names its instance, so
 * one slow process looks like its cohort), or that users are (`users-alike`: no span names its user, so one user whose requests all fail
 * looks like many).
 */
export type Assumption = 'instances-alike' | 'users-alike'

/** The assumptions of a comparison of spans; none for span metrics, whose own notes cover what they cannot show. */
export function assumedOf({ stable, canary, fairness, spanMetrics, beforeAfter }: Facts): Assumption[] {
  if (spanMetrics || beforeAfter || canary.requests === 0) return []
  const sample = fairness?.sample
  const named = sample ? [sample.stable.named, sample.canary.named] : []
  return [
    ...(stable.instances === 0 || canary.instances === 0 ? (['instances-alike'] as const) : []),
    ...(named.length > 0 && named.every((n) => n === 0) ? (['users-alike'] as const) : []),
  ]
}

const instanceKeys = 'service.instance.id, k8s.pod.name, host.name'
const userKeys = 'user.id, enduser.id, session.id, client.address'

/** The note that requests are assumed to be independent if spans do not name what they may have in common. */
export function assumptionReasons(facts: Facts): Reason[] {
  const assumed = assumedOf(facts)
  if (!assumed.includes('instances-alike')) return []
  const users = assumed.includes('users-alike')
  const brief = facts.shortLivedInstances === true
  const lacking = brief
    ? `each instance serves hardly more than one request${users ? `, and spans name no users (${userKeys})` : ''}`
    : users
      ? `spans name neither instances (${instanceKeys}) nor users (${userKeys})`
      : `spans name no instances (${instanceKeys})`
  const looks = users ? 'One process that stalls, or one user whose requests all fail,' : 'One process that stalls'
  return [
    {
      code: 'assumes-independence',
      weight: 'note',
      message: `Assumes that requests are slow, or fail, independently of each other: ${lacking}. ${looks} may look like the build. ${brief ? 'If a process serves many requests, keep one service.instance.id for all of them.' : 'Set service.instance.id on the resource of each process.'}`,
    },
  ]
}
