// A threshold as in the examples of Argo Rollouts: success rate at least 95 % in each interval of five minutes, aborted after the
// third failure. argo-rollouts.readthedocs.io, Analysis: successCondition result[0] >= 0.95, interval 5m, failureLimit 3.
import { looksOf } from './looks.ts'
import type { Peer } from './peer.ts'

export const argoErrorRate: Peer = {
  name: 'Argo Rollouts example, success rate 95 %',
  about: 'errors',
  firstAlarm(slices, ticks) {
    let failures = 0
    for (const [at, { canary }] of looksOf(slices, ticks, 60).entries()) {
      const { n, events } = canary.errors
      if (n > 0 && events / n > 0.05) failures += 1
      // failureLimit is how many are allowed.
      if (failures > 3) return (at + 1) * 300
    }
    return Infinity
  },
}
