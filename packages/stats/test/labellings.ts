/** Every choice of `size` of the numbers below `total`: who could have been in the canary. */
export function subsets(total: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]]
  return Array.from({ length: Math.max(0, total - from) }, (_, at) => from + at).flatMap((first) =>
    subsets(total, size - 1, first + 1).map((rest) => [first, ...rest]),
  )
}

/** How many ways there are to choose k of n. */
export function ways(n: number, k: number): number {
  let product = 1
  for (let at = 1; at <= k; at += 1) product *= Math.max(0, n - k + at) / at
  return product
}
