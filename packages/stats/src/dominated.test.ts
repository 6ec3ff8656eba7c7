// The other half of the hypothesis: a canary that is not equal but better (or, for `less`, worse) must not count as evidence
// either. Exact: the mean of E over every outcome of both arms, each drawn from its own distribution over a few buckets.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Distributions } from './distributions.ts'
import type { EProcess } from './e-process.ts'
import type { Histogram } from './histogram.ts'
import { rankProcess } from './rank.ts'
import { riskDifferenceProcess } from './risk-difference.ts'
import { tailProcess } from './tail.ts'

// Shares of three buckets, from two cuts.
const shares = fc
  .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([a, b]) => [Math.min(a, b), Math.abs(a - b), 1 - Math.max(a, b)] as const)
type Shares = readonly [number, number, number]

const ordered = fc.tuple(shares, shares).map(([p, q]): { smaller: Shares; larger: Shares } => {
  const firsts = [Math.max(p[0], q[0]), Math.max(p[0] + p[1], q[0] + q[1])] as const
  const lasts = [Math.min(p[0], q[0]), Math.min(p[0] + p[1], q[0] + q[1])] as const
  const fromCuts = ([a, b]: readonly [number, number]): Shares => [a, Math.max(0, b - a), Math.max(0, 1 - b)]
  return { smaller: fromCuts(firsts), larger: fromCuts(lasts) }
})

test.each([
  { n: 3, m: 2 },
  { n: 9, m: 2 },
  { n: 14, m: 4 },
  { n: 4, m: 14 },
])('rank and tail: the mean of E is at most 1 when the canary is stochastically smaller, $n against $m', ({ n, m }) => {
  fc.assert(
    fc.property(ordered, fc.constantFrom(0.1, 0.05, 0.01), ({ smaller, larger }, share) => {
      const up = { alternative: 'greater' } as const
      const down = { alternative: 'less' } as const
      const bound = 1 + 1e-9
      expect(meanE({ n, stable: larger, m, canary: smaller }, () => rankProcess(up))).toBeLessThanOrEqual(bound)
      expect(meanE({ n, stable: smaller, m, canary: larger }, () => rankProcess(down))).toBeLessThanOrEqual(bound)
      const tail = (alternative: 'greater' | 'less') => () => tailProcess({ alternative, share })
      expect(meanE({ n, stable: larger, m, canary: smaller }, tail('greater'))).toBeLessThanOrEqual(bound)
      expect(meanE({ n, stable: smaller, m, canary: larger }, tail('less'))).toBeLessThanOrEqual(bound)
    }),
    { seed: 11, numRuns: 40 },
  )
})

const rate = fc.double({ min: 0, max: 1, noNaN: true })

test.each([
  { n: 30, m: 5 },
  { n: 12, m: 12 },
  { n: 3, m: 30 },
  { n: 1, m: 1 },
])('risk difference: the mean of E is at most 1 at the margin and within it, $n against $m', ({ n, m }) => {
  fc.assert(
    fc.property(rate, rate, fc.constantFrom(-0.3, -0.01, 0, 0.001, 0.05, 0.5), (p, spare, difference) => {
      const atMargin = p + difference
      const meanAt = (alternative: 'greater' | 'less', q: number): number => {
        let mean = 0
        for (let x = 0; x <= n; x += 1) {
          for (let y = 0; y <= m; y += 1) {
            const process = riskDifferenceProcess({ alternative, difference })
            process.add({ stable: { n, events: x }, canary: { n: m, events: y } })
            mean += binomial(n, p, x) * binomial(m, q, y) * Math.exp(process.logE)
          }
        }
        return mean
      }
      if (atMargin >= 0) expect(meanAt('greater', Math.min(1, atMargin) * spare)).toBeLessThanOrEqual(1 + 1e-9)
      if (atMargin <= 1) {
        const least = Math.max(0, atMargin)
        expect(meanAt('less', least + (1 - least) * spare)).toBeLessThanOrEqual(1 + 1e-9)
      }
      if (atMargin >= 0 && atMargin <= 1) {
        expect(meanAt('greater', atMargin)).toBeLessThanOrEqual(1 + 1e-9)
        expect(meanAt('less', atMargin)).toBeLessThanOrEqual(1 + 1e-9)
      }
    }),
    { seed: 12, numRuns: 60 },
  )
})

interface Arms {
  readonly n: number
  readonly stable: Shares
  readonly m: number
  readonly canary: Shares
}

function meanE({ n, stable, m, canary }: Arms, make: () => EProcess<Distributions>): number {
  let mean = 0
  for (const ofStable of outcomes(n, stable)) {
    for (const ofCanary of outcomes(m, canary)) {
      const process = make()
      process.add({ stable: ofStable.histogram, canary: ofCanary.histogram })
      mean += ofStable.chance * ofCanary.chance * Math.exp(process.logE)
    }
  }
  return mean
}

function outcomes(n: number, [p, q, r]: Shares): { histogram: Histogram; chance: number }[] {
  const all: { histogram: Histogram; chance: number }[] = []
  for (let low = 0; low <= n; low += 1) {
    for (let middle = 0; middle <= n - low; middle += 1) {
      const high = n - low - middle
      const chance = ways(n, low) * ways(n - low, middle) * p ** low * q ** middle * r ** high
      all.push({ histogram: { scale: 5, zero: 0, indices: [0, 1, 2], counts: [low, middle, high] }, chance })
    }
  }
  return all
}

function binomial(n: number, p: number, y: number): number {
  return ways(n, y) * p ** y * (1 - p) ** (n - y)
}

function ways(n: number, k: number): number {
  let product = 1
  for (let at = 1; at <= k; at += 1) product *= (n - k + at) / at
  return product
}
