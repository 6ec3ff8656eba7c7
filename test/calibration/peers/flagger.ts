// Flagger's thresholds on the canary alone, once a minute: success rate at least 99 %, p99 at most 500 ms; rolled back after five
// failed checks. docs.flagger.app, Canary analysis: interval 1m, threshold 5, request-success-rate and request-duration.
import { quantileOf } from '@coalmine/stats'
import { looksOf, type Seen } from './looks.ts'
import type { Peer } from './peer.ts'

const flagger = (name: string, about: Peer['about'], fails: (minute: Seen) => boolean): Peer => ({
  name,
  about,
  firstAlarm(slices, ticks) {
    let failed = 0
    for (const [at, { canary }] of looksOf(slices, ticks, 12).entries()) {
      if (fails(canary)) failed += 1
      if (failed >= 5) return (at + 1) * 60
    }
    return Infinity
  },
})

export const flaggerSuccess: Peer = flagger(
  'Flagger, success rate 99 %',
  'errors',
  ({ errors: { n, events } }) => n > 0 && events / n > 0.01,
)

export const flaggerDuration: Peer = flagger(
  'Flagger, p99 500 ms',
  'latency',
  ({ latency }) => (quantileOf(latency, 0.99) ?? 0) > 0.5,
)
