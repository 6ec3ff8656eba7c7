// Bands of the law of the iterated logarithm around both distribution functions, alarm when they come apart: Lindon, Sanden and
// Shirikian 2022, Rapid regression detection in software deployments through sequential testing (Netflix).
import { bandsApart } from './band-test.ts'
import { firstAlarmOnAll } from './looks.ts'
import type { Peer } from './peer.ts'

export const bandPeeked: Peer = {
  name: 'LIL bands at 5 %, every 5 s',
  about: 'latency',
  firstAlarm: (slices, ticks) =>
    firstAlarmOnAll(slices, ticks, 1, ({ stable, canary }) => bandsApart(stable.latency, canary.latency, 0.05)),
}
