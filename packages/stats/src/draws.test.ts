import { describe, expect, it } from 'vitest'
import { drawBinomial, drawHypergeometric, drawMultinomial } from './draws.ts'
import { logFactorial } from './log-factorial.ts'
import { randomOf } from './random.ts'

const draws = 20_000

/** Pearson's chi-square of draws against their probabilities, outcomes that are expected fewer than five times together. */
function misfit(drawn: readonly number[], chances: readonly number[]): { statistic: number; freedom: number } {
  const counts = chances.map((_, at) => drawn.filter((value) => value === at).length)
  let rareChance = 0
  let rareCount = 0
  const cells: number[] = []
  chances.forEach((chance, at) => {
    if (chance * drawn.length < 5) {
      rareChance += chance
      rareCount += counts[at]!
    } else cells.push((counts[at]! - chance * drawn.length) ** 2 / (chance * drawn.length))
  })
  if (rareChance > 0) cells.push((rareCount - rareChance * drawn.length) ** 2 / (rareChance * drawn.length))
  return { statistic: cells.reduce((sum, cell) => sum + cell, 0), freedom: cells.length - 1 }
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k)

// The statistic's mean is its freedom, its deviation the root of twice that: four deviations are one in thousands.
function expectFit({ statistic, freedom }: { statistic: number; freedom: number }): void {
  expect(statistic).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom))
}

describe('binomial draws', () => {
  it.each([
    [1, 0.3],
    [12, 0.5],
    [500, 0.002],
    [500, 0.1],
    [40, 0.97],
  ])('of %i units at %f are as likely as they should be', (n, p) => {
    const random = randomOf(n)
    const drawn = Array.from({ length: draws }, () => drawBinomial(n, p, random))
    const chances = Array.from({ length: n + 1 }, (_, k) =>
      Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log(1 - p)),
    )
    expectFit(misfit(drawn, chances))
  })

  it('of a million have the mean and the spread that they should', () => {
    const random = randomOf(3)
    const drawn = Array.from({ length: 2000 }, () => drawBinomial(1_000_000, 0.2, random))
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length
    expect(Math.abs(mean - 200_000)).toBeLessThan(4 * Math.sqrt(160_000 / 2000))
    expect(variance / 160_000).toBeGreaterThan(1 - 4 * Math.sqrt(2 / 2000))
    expect(variance / 160_000).toBeLessThan(1 + 4 * Math.sqrt(2 / 2000))
  })

  it('know what is certain', () => {
    const random = randomOf(1)
    expect([0, 1].map((p) => drawBinomial(7, p, random))).toEqual([0, 7])
    expect(() => drawBinomial(1.5, 0.5, random)).toThrow('n: expected a whole number, zero or more, got 1.5')
  })
})

describe('hypergeometric draws', () => {
  it.each([[{ n: 20, events: 7, drawn: 12 }], [{ n: 500, events: 5, drawn: 50 }], [{ n: 60, events: 55, drawn: 30 }]])(
    'of %j are as likely as they should be',
    (sizes) => {
      const { n, events, drawn } = sizes
      const random = randomOf(n)
      const all = Array.from({ length: draws }, () => drawHypergeometric(sizes, random))
      const chances = Array.from({ length: Math.min(events, drawn) + 1 }, (_, k) =>
        k < events + drawn - n
          ? 0
          : Math.exp(logChoose(events, k) + logChoose(n - events, drawn - k) - logChoose(n, drawn)),
      )
      expectFit(misfit(all, chances))
    },
  )

  it('refuse to draw more than there are', () => {
    expect(() => drawHypergeometric({ n: 5, events: 1, drawn: 6 }, randomOf(1))).toThrow('n: expected at least 6 units')
  })
})

it('a multinomial draw deals out every unit, by the weights', () => {
  const random = randomOf(5)
  const sums = [0, 0, 0, 0]
  for (let run = 0; run < 200; run += 1) {
    const drawn = drawMultinomial(1000, [1, 0, 2, 7], random)
    expect(drawn.reduce((sum, count) => sum + count, 0)).toBe(1000)
    drawn.forEach((count, at) => {
      sums[at]! += count
    })
  }
  expect(sums[1]).toBe(0)
  expect(Math.abs(sums[0]! / 200_000 - 0.1)).toBeLessThan(4 * Math.sqrt(0.09 / 200_000))
  expect(Math.abs(sums[2]! / 200_000 - 0.2)).toBeLessThan(4 * Math.sqrt(0.16 / 200_000))
})
