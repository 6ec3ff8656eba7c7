/**
 * How much slower is still acceptable, as a map from stable's latency to the highest acceptable one, in seconds: slower by
 * the ratio or by the absolute margin, whichever is more.
 *
 * @example latencyMargin({ ratio: 0.1, absolute: 0.002 })(0.1) // 0.11
 */
export function latencyMargin(margin: {
  readonly ratio: number
  readonly absolute: number
}): (value: number) => number {
  const { ratio, absolute } = margin
  if (!(ratio >= 0 && ratio < Infinity)) throw new RangeError(`ratio: expected a number, 0 or more, got ${ratio}`)
  if (!(absolute >= 0 && absolute < Infinity)) {
    throw new RangeError(`absolute: expected a number, 0 or more, got ${absolute}`)
  }
  return (value) => Math.max((1 + ratio) * value, value + absolute)
}
