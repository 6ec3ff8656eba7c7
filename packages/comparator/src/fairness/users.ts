import type { Decided } from '../decide.ts'
import type { Reason } from '../reason.ts'
import { nameInWords } from '../verdict/wording.ts'

/** Findings that would have FAILed, but for a few users without whom they do not. */
export function userReasons(decided: readonly Decided[]): Reason[] {
  return decided.flatMap(({ decision, tested, neededWorse, metric, scope }): Reason[] => {
    const { withUsers } = tested
    if (decision === 'fail' || !withUsers || withUsers.worse.maxLogE < neededWorse) return []
    const whose = withUsers.users === 1 ? 'one user accounts' : `${withUsers.users} users account`
    return [
      {
        code: 'few-users',
        weight: 'note',
        message: `${scope.operation ?? 'The whole service'}: ${whose} for most of the harm in ${nameInWords(metric.name)} of the canary; without them it does not FAIL. See what they ask for.`,
      },
    ]
  })
}

/** Findings that would have FAILed, had the cohorts not shared instances that differ and serve them unevenly. */
export function sharedInstanceReasons(decided: readonly Decided[]): Reason[] {
  return decided.flatMap(({ decision, tested, neededWorse, metric, scope }): Reason[] => {
    const { acrossInstances } = tested
    if (decision === 'fail' || !acrossInstances || acrossInstances.maxLogE < neededWorse) return []
    return [
      {
        code: 'uneven-instances',
        weight: 'note',
        message: `${scope.operation ?? 'The whole service'}: ${nameInWords(metric.name)} is worse in the canary over all instances together, but not within each of them: slow or failing instances serve more of the canary's requests than of stable's. It does not FAIL.`,
      },
    ]
  })
}
