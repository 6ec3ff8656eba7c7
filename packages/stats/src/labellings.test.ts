// The proof that needs no simulation: under the hypothesis every way to deal the pooled values to the arms is equally likely, so
// over all of them E has a mean of at most one.
import { expect, test } from 'vitest'
import { subsets, ways } from '../test/labellings.ts'
import type { Distributions } from './distributions.ts'
import type { EProcess } from './e-process.ts'
import { histogramOf } from './histogram.ts'
import { logMoments, type Margins } from './hypergeometric.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import { rankProcess } from './rank.ts'
import { tailProcess } from './tail.ts'
import { mostPerTick } from './tilted.ts'
import { tiltsOf } from './tilts.ts'

const alternatives = ['greater', 'less'] as const
const distinct = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]
const tied = [0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 5, 8]
const alike = distinct.map(() => 7)
const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].flatMap((total) =>
  Array.from({ length: total - 1 }, (_, at) => ({ total, canaries: at + 1 })),
)

test.each(alternatives)('rank, %s: the mean of E over all labellings is at most 1', (alternative) => {
  for (const { total, canaries } of sizes) {
    for (const pool of [distinct, tied, alike]) {
      const mean = meanOverLabellings(pool.slice(0, total), canaries, () => rankProcess({ alternative }))
      expect(mean).toBeLessThanOrEqual(1)
    }
  }
})

test.each(alternatives)(
  'tail, %s: it is 1 without ties where no labelling is cut off, and at most 1 else',
  (alternative) => {
    for (const share of [0.1, 0.05, 0.01] as const) {
      for (const { total, canaries } of sizes) {
        const make = () => tailProcess({ alternative, share })
        const mean = meanOverLabellings(distinct.slice(0, total), canaries, make)
        expect(mean).toBeLessThanOrEqual(1 + 1e-12)
        // The tail is one value: the canary's part of it decides whether three is too much.
        if (!isCut({ n: total - canaries, m: canaries, events: 1 }, alternative, 1)) expect(mean).toBeCloseTo(1, 12)
        expect(meanOverLabellings(tied.slice(0, total), canaries, make)).toBeLessThanOrEqual(1 + 1e-12)
        expect(meanOverLabellings(alike.slice(0, total), canaries, make)).toBeLessThanOrEqual(1 + 1e-12)
      }
    }
  },
)

test.each(alternatives)(
  'odds ratio, %s: it is 1 at the margin where no outcome is cut off, and at most 1 else',
  (alternative) => {
    for (const oddsRatio of [1, 1.5, 0.4]) {
      for (const { total, canaries } of sizes) {
        for (let events = 0; events <= total; events += 1) {
          const meanAt = (truth: number): number => {
            let mean = 0
            let weights = 0
            for (let ofCanary = 0; ofCanary <= Math.min(events, canaries); ofCanary += 1) {
              // The labellings that give the canary so many of the events.
              const labellings = ways(events, ofCanary) * ways(total - events, canaries - ofCanary)
              if (labellings === 0) continue
              const process = oddsRatioProcess({ alternative, oddsRatio })
              process.add({
                stable: { n: total - canaries, events: events - ofCanary },
                canary: { n: canaries, events: ofCanary },
              })
              mean += labellings * truth ** ofCanary * Math.exp(process.logE)
              weights += labellings * truth ** ofCanary
            }
            return mean / weights
          }
          const margins = { n: total - canaries, m: canaries, events }
          expect(meanAt(oddsRatio)).toBeLessThanOrEqual(1 + 1e-12)
          if (!isCut(margins, alternative, oddsRatio)) expect(meanAt(oddsRatio)).toBeCloseTo(1, 12)
          const within = alternative === 'greater' ? oddsRatio / 2 : oddsRatio * 2
          expect(meanAt(within)).toBeLessThanOrEqual(1 + 1e-12)
        }
      }
    }
  },
)

test('the sum over two blocks of uneven sizes is still evidence with a mean of at most 1', () => {
  const first = labelled(distinct.slice(0, 6), 1)
  const second = labelled(tied.slice(3, 9), 4)
  for (const make of [
    () => rankProcess({ alternative: 'greater' }),
    () => tailProcess({ alternative: 'less', share: 0.1 }),
  ] as const) {
    let mean = 0
    for (const one of first) {
      for (const other of second) {
        const process = make()
        process.add(one)
        process.add(other)
        mean += Math.exp(process.logE) / (first.length * second.length)
      }
    }
    expect(mean).toBeLessThanOrEqual(1 + 1e-12)
  }
})

/** Whether an outcome would multiply a tilt by more than three. */
function isCut(margins: Margins, alternative: 'greater' | 'less', oddsRatio: number): boolean {
  const { n, m, events } = margins
  const margin = Math.log(oddsRatio)
  const tilts = tiltsOf(alternative)
  const moments = new Float64Array(tilts.length + 1)
  logMoments(margins, [...tilts.map((tilt) => margin + tilt), margin], moments)
  const outcomes = [Math.max(0, events - n), Math.min(events, m)]
  return outcomes.some((y) =>
    tilts.some((tilt, at) => tilt * y - moments[at]! + moments[tilts.length]! > Math.log(mostPerTick)),
  )
}

function meanOverLabellings(pool: readonly number[], canaries: number, make: () => EProcess<Distributions>): number {
  const blocks = labelled(pool, canaries)
  let mean = 0
  for (const block of blocks) {
    const process = make()
    process.add(block)
    mean += Math.exp(process.logE) / blocks.length
  }
  return mean
}

function labelled(pool: readonly number[], canaries: number): Distributions[] {
  return subsets(pool.length, canaries).map((subset) => ({
    stable: histogramOf(pool.filter((_, at) => !subset.includes(at))),
    canary: histogramOf(subset.map((at) => pool[at]!)),
  }))
}
