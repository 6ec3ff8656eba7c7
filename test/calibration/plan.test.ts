// Planned times beside those that the calibration measures, by another generator of traffic, judged tick by tick.
import { canaryOf, defaultPolicy, finished, parseEffect } from '@coalmine/comparator'
import { randomOf } from '@coalmine/stats'
import { expect, test } from 'vitest'
import { cells } from './cells.ts'
import { lognormal, sourceOf } from './generate.ts'
import { median, simulate } from './simulate.ts'

const runs = 100
const latency = sourceOf(lognormal({ median: 0.1, sigma: 0.6 }))(200_000, randomOf(9))

test.each([
  ['latency +25 %, with errors and 4xx in the gate', 'latency=25%', 0],
  ['errors 1 % x 5, one finding', 'errors=x5', 0.01],
  ['errors 1 %, errors alone', null, 0.01],
])('a canary of the cell "%s" takes as long as planned, within a fifth', (name, effect, errors) => {
  const cell = cells.find((one) => one.name === name)!
  const measured = simulate({ ...cell, runs }, 1)
  const times = effect === null ? measured.secondsToPass : measured.secondsToFail
  const baseline = [{ operation: 'GET /', requestsPerSecond: 100, latency, errors, clientErrors: 0 }]
  const policy = { ...defaultPolicy, ...cell.policy }
  const regression = effect === null ? null : parseEffect(effect)
  const planned = finished(canaryOf({ baseline, policy, share: 0.1, effect: regression, power: 0.9, seed: 1, runs }))
  for (const [time, expected] of [
    [planned.median!, median(times)],
    [planned.planned!, times[Math.floor(0.9 * runs)]!],
  ] as const) {
    // Times come in whole ticks.
    expect(Math.abs(time - expected)).toBeLessThanOrEqual(Math.max(5, 0.2 * expected))
  }
})
