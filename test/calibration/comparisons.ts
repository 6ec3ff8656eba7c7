// Targets that are about two cells, or about ours and another's rule.
import { mean } from 'simple-statistics'
import { peersOnLatency } from './cells.ts'
import { median, type Result } from './simulate.ts'

export interface Comparison {
  readonly name: string
  readonly required: string
  /** Undefined where a cell that it needs was not measured. */
  measure(
    resultOf: (group: string, cell: string) => Result | undefined,
  ): { readonly measured: string; readonly holds: boolean } | undefined
}

const bands = 'LIL bands at 5 %, every 5 s'
const atEnd = 'Mann-Whitney at 5 %, one look at the end'
const kayentaMean = 'Kayenta each minute, mean latency'
const buckets = 'T8: buckets, latency +5 %, margin 0'

export const comparisons: readonly Comparison[] = [
  timesFaster('T2: +5 %, times faster than LIL bands', '+5 %', bands, 5),
  timesFaster('T2: +10 %, times faster than LIL bands', '+10 %', bands, 5),
  timesFaster('T2: +5 %, times faster than Kayenta, mean latency', '+5 %', kayentaMean, 3),
  {
    name: 'T6: power at +2 % after half an hour, less than of one look by Mann-Whitney',
    required: '<= 10 points',
    measure(resultOf) {
      const result = resultOf(peersOnLatency, '+2 %')
      if (!result) return undefined
      const lost = 100 * (shareOf(result.peers[atEnd]!) - shareOf(result.secondsToFail))
      return { measured: `${lost.toFixed(1)} points`, holds: lost <= 10 }
    },
  },
  {
    name: 'T6: false alarms at 5 % of the same, peeked at, and of ours',
    required: 'ours <= 0.05',
    measure(resultOf) {
      const result = resultOf(peersOnLatency, 'equal')
      if (!result) return undefined
      const peeked = shareOf(result.peers['Mann-Whitney at 5 %, looked at every 5 s']!)
      const ours = shareOf(result.secondsToFail)
      return { measured: `${peeked.toFixed(3)} and ${ours.toFixed(3)}`, holds: ours <= 0.05 }
    },
  },
  slower('T8: mean time with buckets of 2.2 %, against 0.07 %', 'scale 5, 2.2 % wide'),
  slower('T8: mean time with buckets of 9 %, against 0.07 %', 'scale 3, 9 % wide'),
]

function timesFaster(name: string, cell: string, peer: string, least: number): Comparison {
  return {
    name,
    required: `>= ${least}`,
    measure(resultOf) {
      const result = resultOf(peersOnLatency, cell)
      if (!result) return undefined
      const times = median(result.peers[peer]!) / median(result.secondsToFail)
      return { measured: times.toFixed(1), holds: times >= least }
    },
  }
}

function slower(name: string, cell: string): Comparison {
  return {
    name,
    required: '<= 1.1',
    measure(resultOf) {
      const coarse = resultOf(buckets, cell)
      const fine = resultOf(buckets, 'scale 10, 0.07 % wide')
      if (!coarse || !fine) return undefined
      const ratio = meanOf(coarse.secondsToFail) / meanOf(fine.secondsToFail)
      return { measured: ratio.toFixed(2), holds: ratio <= 1.1 }
    },
  }
}

function shareOf(times: readonly number[]): number {
  return times.filter(Number.isFinite).length / times.length
}

/** Those that never came count as the horizon. */
function meanOf(times: readonly number[]): number {
  return mean(times.map((time) => Math.min(time, 1800)))
}
