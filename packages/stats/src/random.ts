/** Uniform numbers in (0, 1). */
export type Random = () => number

/**
 * A seeded source of uniform numbers: the same seed gives the same numbers. Doty-Humphrey's sfc32, 32 bits each.
 *
 * @example randomOf(1)() // the same every time
 */
export function randomOf(seed: number): Random {
  let a = 0x9e3779b9
  let b = seed | 0
  let c = 0x243f6a88
  let counter = 1
  const next = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return ((sum >>> 0) + 0.5) / 2 ** 32
  }
  // The first numbers of neighbouring seeds are alike.
  for (let warmUp = 0; warmUp < 15; warmUp += 1) next()
  return next
}
