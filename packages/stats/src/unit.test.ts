import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tables } from '../../../test/oracle/tables.ts'
import { subsets, ways } from '../test/labellings.ts'
import { cappedProcess, gatedProcess, meanProcess } from './e-process.ts'
import { histogramOf } from './histogram.ts'
import { leanOfRank, leanOfRates, leanOfShares, leanOfTail } from './lean.ts'
import { oddsRatioProcess } from './odds-ratio.ts'
import { randomOf } from './random.ts'
import { ranksOf } from './ranks.ts'
import type { Rates } from './rates.ts'
import { shareProcess } from './share.ts'
import { unitProcess } from './unit.ts'

const oracle = tables<{
  leans: { n: number; x: number; m: number; y: number; times: number; expected: number }[]
  evidence: { x: number[]; expected: number }[]
}>('units')

const itself = (share: number) => share

test.each(oracle.leans)('$y of $m against $x of $n says what R’s dhyper says', ({ n, x, m, y, times, expected }) => {
  const said = leanOfShares({ stable: { n, events: x }, canary: { n: m, events: y } }, (share) => times * share)
  expect(Math.abs(said - expected)).toBeLessThan(1e-6)
})

test.each(oracle.evidence)('the evidence of ticks is R’s sum over when the stake was put in', ({ x, expected }) => {
  const process = unitProcess<number>(([said]) => said!)
  for (const tick of x) process.add(tick)
  expect(Math.abs(process.logE - expected)).toBeLessThan(1e-9)
})

test('the value of the example in the comments', () => {
  const process = unitProcess<Rates>((strata) => leanOfRates(strata, itself))
  process.add({ stable: { n: 90, events: 0 }, canary: { n: 90, events: 9 } })
  expect(process.logE).toBeCloseTo(0.39, 2)
  expect(leanOfRates([{ stable: { n: 900, events: 9 }, canary: { n: 100, events: 1 } }], itself)).toBeCloseTo(0.08, 2)
})

test('of equal arms of any sizes as many ticks speak for the one as for the other: every labelling of up to ten values', () => {
  const pool = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
  for (let total = 2; total <= pool.length; total += 1)
    for (let canaries = 1; canaries < total; canaries += 1) {
      const values = pool.slice(0, total)
      let sum = 0
      for (const subset of subsets(total, canaries)) {
        const block = {
          stable: histogramOf(values.filter((_, at) => !subset.includes(at))),
          canary: histogramOf(subset.map((at) => values[at]!)),
        }
        sum += leanOfRank([ranksOf(block)])
      }
      expect(sum).toBeCloseTo(0, 9)
    }
})

test('arms with one rate speak for neither in the mean, however unequal they are', () => {
  for (const [n, m] of [
    [10, 10],
    [30, 3],
    [3, 30],
    [25, 5],
  ] as const)
    for (const p of [0.01, 0.1, 0.4]) {
      let mean = 0
      for (let x = 0; x <= n; x += 1)
        for (let y = 0; y <= m; y += 1)
          mean +=
            chanceOf(n, p, x) *
            chanceOf(m, p, y) *
            leanOfShares({ stable: { n, events: x }, canary: { n: m, events: y } }, itself)
      expect(Math.abs(mean)).toBeLessThan(1e-9)
    }
})

test('more events of the canary never speak less against it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      fc.nat(),
      fc.nat(),
      (n, m, a, b) => {
        const x = a % (n + 1)
        const y = b % m
        const at = (events: number) => leanOfRates([{ stable: { n, events: x }, canary: { n: m, events } }], itself)
        expect(at(y + 1)).toBeGreaterThanOrEqual(at(y) - 1e-6)
        expect(Math.abs(at(y))).toBeLessThanOrEqual(1 + 1e-12)
      },
    ),
  )
})

test('the strata of a tick are one bet', () => {
  const tick = { stable: { n: 50, events: 0 }, canary: { n: 50, events: 5 } }
  const together = unitProcess<Rates>((strata) => leanOfRates(strata, itself))
  together.add(tick, tick, tick)
  const alone = unitProcess<Rates>((strata) => leanOfRates(strata, itself))
  alone.add(tick)
  expect(together.logE).toBe(alone.logE)
  const block = ranksOf({ stable: histogramOf([1, 2, 3, 4, 5, 6, 7, 8]), canary: histogramOf([9, 10]) })
  expect(leanOfRank([block, block])).toBe(1)
  expect(leanOfTail([block, block], 0.1)).toBeGreaterThan(0)
  expect(leanOfRank([])).toBe(0)
})

test('ticks in which nothing happens but chance reach a level no more often than it says', () => {
  const draw = randomOf(3)
  const runs = 2000
  let reached = 0
  for (let run = 0; run < runs; run += 1) {
    const process = unitProcess<number>(([said]) => said!)
    // Skewed: a burst now and then, made up for by the other arm's.
    for (let tick = 0; tick < 360; tick += 1) process.add(draw() < 0.1 ? Math.sign(draw() - 0.5) : 0.2 * (draw() - 0.5))
    if (process.maxLogE >= Math.log(20)) reached += 1
  }
  expect(reached / runs).toBeLessThan(0.05)
})

test('gated evidence counts what stands while the gate does, and a gate that opens later counts what stands then', () => {
  const make = () => oddsRatioProcess({ alternative: 'greater', oddsRatio: 1 })
  const bad = { stable: { n: 90, events: 1 }, canary: { n: 90, events: 12 } }
  const gate = unitProcess<Rates>((strata) => leanOfRates(strata, itself))
  const gated = gatedProcess(make(), gate, Math.log(8))
  const free = make()
  for (let tick = 1; tick <= 8; tick += 1) {
    gated.add(bad)
    free.add(bad)
    expect(gated.logE).toBe(tick < 5 ? 0 : free.logE)
    expect(gated.maxLogE).toBe(tick < 5 ? 0 : free.maxLogE)
  }
  const shut = gatedProcess(make(), meanProcess([unitProcess<Rates>(() => -1)]), 0.1)
  for (let tick = 0; tick < 8; tick += 1) shut.add(bad)
  expect(shut.maxLogE).toBe(0)
})

test('capped evidence is what it was of, but for ticks that would have counted too much', () => {
  const capped = cappedProcess(shareProcess({ alternative: 'less', share: 0.1, concentration: 1000 }), 3)
  const free = shareProcess({ alternative: 'less', share: 0.1, concentration: 1000 })
  const add = (block: { stable: number; canary: number }) => {
    const before = capped.logE
    capped.add(block)
    free.add(block)
    return capped.logE - before
  }
  expect(add({ stable: 450, canary: 48 })).toBeCloseTo(free.logE, 12)
  expect(add({ stable: 450, canary: 0 })).toBeCloseTo(Math.log(3), 12)
  expect(capped.logE).toBeLessThan(free.logE)
})

function chanceOf(n: number, p: number, k: number): number {
  return ways(n, k) * p ** k * (1 - p) ** (n - k)
}
