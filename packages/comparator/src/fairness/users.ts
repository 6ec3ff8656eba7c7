import type { Decided } from '../decide.ts'
import type { Reason } from '../reason.ts'
import { nameInWords } from '../verdict/wording.ts'

/** Findings that would have FAILed, but for a few users without whom they do not. */
export function userReasons(decided: readonly Decided[]): Reason[] {
  return decided.flatMap(({ decision, tested, neededWorse, metric, scope }): Reason[] => {
    const { withUsers } = tested
    if (decision === 'fail' || !withUsers || withUsers.worse.maxLogE < neededWorse) return []
    const whose = withUsers.users === 1 ? 'One user has' : `${withUsers.users} users have`
    return [
      {
        code: 'few-users',
        weight: 'note',
        message: `${scope.operation ?? 'The whole service'}: ${whose} most of what is bad in ${nameInWords(metric.name)} of the canary; without them it does not FAIL. Look at what they ask for.`,
      },
    ]
  })
}
