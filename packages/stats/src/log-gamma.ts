/**
 * The logarithm of the gamma function for x > 0, to 1e-13 relative.
 *
 * @example logGamma(5) // log 24
 */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`x: expected a number above zero, got ${x}`)
  if (x >= 10) return (x - 0.5) * Math.log(x) - x + halfLog2Pi + stirlingRest(x)
  if (x < 0.5) return aroundTwo(x) - Math.log1p(x) - Math.log(x)
  if (x < 1.5) return aroundTwo(x - 1) - Math.log1p(x - 1)
  let product = 1
  let reduced = x
  while (reduced > 2.5) {
    reduced -= 1
    product *= reduced
  }
  return aroundTwo(reduced - 2) + Math.log(product)
}

const halfLog2Pi = 0.9189385332046728

/** The remainder of Stirling's formula, for x >= 10 (Abramowitz and Stegun 6.1.41). */
export function stirlingRest(x: number): number {
  const s = 1 / (x * x)
  return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360)))))) / x
}

// log gamma(2 + z) = (1 - euler) z + sum (-1)^k (zeta(k) - 1) z^k / k, for |z| <= 1/2 (Abramowitz and Stegun 6.1.33).
function aroundTwo(z: number): number {
  let sum = 0
  for (let at = zetaMinusOne.length - 1; at >= 0; at -= 1) {
    const k = at + 2
    sum = z * (sum + ((k % 2 === 0 ? 1 : -1) * zetaMinusOne[at]!) / k)
  }
  return z * (oneMinusEuler + sum)
}

const oneMinusEuler = 0.42278433509846713

const zetaMinusOne = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914,
  0.008349277381922827, 0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645,
  0.0002460865533080483, 0.00012271334757848915, 6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5,
  7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6, 9.539620338727962e-7, 4.769329867878064e-7,
  2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8, 1.4901554828365043e-8,
  7.45071178983543e-9, 3.725334024788457e-9,
]
