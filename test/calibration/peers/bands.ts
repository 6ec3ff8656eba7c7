// Bands of the law of the iterated logarithm around both distribution functions, alarm when they come apart: Lindon, Sanden and
// Shirikian 2022, Rapid regression detection in software deployments through sequential testing (Netflix).
import { bandTest } from '@coalmine/stats'
import { firstAlarmOnAll } from './looks.ts'
import type { Peer } from './peer.ts'

export const bandPeeked: Peer = {
  name: 'LIL bands at 5 %, every 5 s',
  about: 'latency',
  firstAlarm: (slices, ticks) =>
    firstAlarmOnAll(slices, ticks, 1, ({ stable, canary }) => {
      const result = bandTest({ stable: stable.latency, canary: canary.latency }, { alternative: 'different' })
      return result.kind === 'tested' && result.p < 0.05
    }),
}
