// Howard and Ramdas 2022, corollary 2: a Dvoretzky-Kiefer-Wolfowitz band that holds at any time, as the law of the iterated
// logarithm shrinks it.
import type { Histogram } from '@coalmine/stats'

/**
 * How far the empirical distribution function of n values may be from the true one, at any of them and at any time.
 *
 * @example bandRadius(1000, 0.05) // 0.086569
 */
export function bandRadius(n: number, alpha: number): number {
  return 0.85 * Math.sqrt((Math.log1p(Math.log(n)) + 0.8 * Math.log(1612 / alpha)) / n)
}

/** Whether the bands of both arms, each at half of alpha, come apart anywhere. Histograms of one scale. */
export function bandsApart(stable: Histogram, canary: Histogram, alpha: number): boolean {
  const { n, m, distance } = largestGap(stable, canary)
  return n > 0 && m > 0 && distance > bandRadius(n, alpha / 2) + bandRadius(m, alpha / 2)
}

/** How far apart the empirical distribution functions are where they are furthest apart. */
export function largestGap(stable: Histogram, canary: Histogram): { n: number; m: number; distance: number } {
  const arms = [stable, canary] as const
  const [n, m] = arms.map(({ zero, counts }) => counts.reduce((sum, count) => sum + count, zero)) as [number, number]
  const steps = new Map<number, [number, number]>()
  for (const [arm, { indices, counts }] of arms.entries()) {
    indices.forEach((index, at) => {
      const step = steps.get(index) ?? [0, 0]
      step[arm] = counts[at]!
      steps.set(index, step)
    })
  }
  let [below, ofCanary] = [stable.zero, canary.zero]
  let distance = Math.abs(below / n - ofCanary / m)
  for (const [, step] of [...steps].sort(([a], [b]) => a - b)) {
    below += step[0]
    ofCanary += step[1]
    distance = Math.max(distance, Math.abs(below / n - ofCanary / m))
  }
  return { n, m, distance }
}
