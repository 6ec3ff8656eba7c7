import { expect, test } from 'vitest'
import { shareProcess } from './share.ts'

test.each(['greater', 'less', 'different'] as const)(
  '%s: the mean of E over every run of twelve units is 1 at the share',
  (alternative) => {
    for (const share of [0.5, 0.1]) expect(meanAfterTwelve(alternative, share, share)).toBeCloseTo(1, 10)
  },
)

test.each([
  ['greater', 0.3],
  ['less', 0.7],
] as const)('%s: it is at most 1 when the share is on the other side', (alternative, truth) => {
  expect(meanAfterTwelve(alternative, 0.5, truth)).toBeLessThan(1)
})

test('counts in any grouping are the same evidence', () => {
  const at = (blocks: readonly (readonly [number, number])[]): number => {
    const process = shareProcess({ alternative: 'greater', share: 0.1, concentration: 1000 })
    for (const [stable, canary] of blocks) process.add({ stable, canary })
    return process.logE
  }
  expect(
    at([
      [90, 5],
      [0, 7],
      [810, 100],
    ]),
  ).toBeCloseTo(at([[900, 112]]), 9)
})

function meanAfterTwelve(alternative: 'greater' | 'less' | 'different', share: number, truth: number): number {
  let mean = 0
  let ways = 1
  for (let canary = 0; canary <= 12; canary += 1) {
    const process = shareProcess({ alternative, share, concentration: 20 })
    process.add({ stable: 12 - canary, canary })
    mean += ways * truth ** canary * (1 - truth) ** (12 - canary) * Math.exp(process.logE)
    ways *= (12 - canary) / (canary + 1)
  }
  return mean
}
