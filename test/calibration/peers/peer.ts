// The rules of others, asked the same question on the same traffic. Each in a file of its own that names its source.
import type { Slice } from '@coalmine/comparator'
import { argoErrorRate } from './argo.ts'
import { bandPeeked } from './bands.ts'
import { flaggerDuration, flaggerSuccess } from './flagger.ts'
import { growthbookErrors, growthbookLatency } from './growthbook.ts'
import { kayentaMean, kayentaP99 } from './kayenta.ts'
import { mannWhitneyAtEnd, mannWhitneyEachMinute, mannWhitneyEachTick } from './mann-whitney.ts'
import { zTestEachTick } from './z-test.ts'

export interface Peer {
  readonly name: string
  readonly about: 'latency' | 'errors'
  /** Seconds of traffic after which it first says that the canary is bad; Infinity when it never does. */
  firstAlarm(slices: readonly Slice[], ticks: number): number
}

export const peers: readonly Peer[] = [
  mannWhitneyEachTick,
  mannWhitneyEachMinute,
  mannWhitneyAtEnd,
  bandPeeked,
  growthbookLatency,
  kayentaMean,
  kayentaP99,
  flaggerDuration,
  zTestEachTick,
  growthbookErrors,
  flaggerSuccess,
  argoErrorRate,
]
