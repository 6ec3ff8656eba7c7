/** The part of a block's pooled values that counts as its tail. */
export type TailShare = 0.1 | 0.05 | 0.01

/** All tail shares, largest first. */
export const tailShares: readonly TailShare[] = [0.1, 0.05, 0.01]

/** The number of values in the tail of a block; depends only on the sizes of its arms, so that the evidence stays valid. */
export function tailSize(share: TailShare, stable: number, canary: number): number {
  return Math.max(1, Math.round(share * (stable + canary)))
}
