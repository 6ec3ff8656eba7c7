// How many units it takes to tell that a declared half is less: the split's own test, beside which no operation is judged.
import { randomOf, shareProcess } from '@coalmine/stats'
import { eventsOf } from './generate.ts'
import type { Result } from './simulate.ts'

const horizon = 200_000
const step = 100
const enough = Math.log(1000)

/** The units after which the split is missed, a hundred at a time; in a true half, how often it ever is. */
export function splitUnits(share: number, runs: number, seed: number): Result {
  const units = Array.from({ length: runs }, (_, run) => unitsToMiss(share, seed * 1_000_003 + run))
  const found = units.toSorted((a, b) => a - b)
  const failed = units.filter(Number.isFinite).length
  return {
    runs,
    failed,
    passed: 0,
    splitMissed: failed,
    failedAt: null,
    secondsToFail: found,
    secondsToPass: [],
    peers: {},
  }
}

function unitsToMiss(share: number, seed: number): number {
  const draw = randomOf(seed)
  const process = shareProcess({ alternative: 'different', share: 0.5, concentration: 1000 })
  for (let units = step; units <= horizon; units += step) {
    const canary = eventsOf(step, share, draw)
    process.add({ stable: step - canary, canary })
    if (process.logE >= enough) return units
  }
  return Infinity
}
