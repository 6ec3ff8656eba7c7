// The usual test of two samples, one-sided at 5 %: looked at as the samples grow, and once at the end as it is meant to be.
// Mann and Whitney 1947. What peeking does to it: Netflix 2023, Sequential A/B testing keeps the world streaming, part 1.
import { mannWhitney } from '@coalmine/stats'
import { type Arms, firstAlarmOnAll } from './looks.ts'
import type { Peer } from './peer.ts'

const says = ({ stable, canary }: Arms): boolean => {
  const result = mannWhitney({ stable: stable.latency, canary: canary.latency }, { alternative: 'greater' })
  return result.kind === 'tested' && result.p < 0.05
}

export const mannWhitneyEachTick: Peer = {
  name: 'Mann-Whitney at 5 %, looked at every 5 s',
  about: 'latency',
  firstAlarm: (slices, ticks) => firstAlarmOnAll(slices, ticks, 1, says),
}

export const mannWhitneyEachMinute: Peer = {
  name: 'Mann-Whitney at 5 %, looked at every minute',
  about: 'latency',
  firstAlarm: (slices, ticks) => firstAlarmOnAll(slices, ticks, 12, says),
}

export const mannWhitneyAtEnd: Peer = {
  name: 'Mann-Whitney at 5 %, one look at the end',
  about: 'latency',
  firstAlarm: (slices, ticks) => firstAlarmOnAll(slices, ticks, ticks, says),
}
