// The usual test of two proportions, one-sided at 5 %, looked at every 5 s: what a dashboard with a significance column does.
import { logNormalCdf } from '@coalmine/stats'
import { firstAlarmOnAll } from './looks.ts'
import type { Peer } from './peer.ts'

export const zTestEachTick: Peer = {
  name: 'z-test at 5 %, looked at every 5 s',
  about: 'errors',
  firstAlarm: (slices, ticks) =>
    firstAlarmOnAll(slices, ticks, 1, ({ stable, canary }) => {
      const { n, events } = stable.errors
      const { n: m, events: more } = canary.errors
      const pooled = (events + more) / (n + m)
      const z = (more / m - events / n) / Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
      return pooled > 0 && logNormalCdf(-z) < Math.log(0.05)
    }),
}
