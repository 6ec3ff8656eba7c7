/** The part of a block's pooled values that counts as its tail. */
export type TailShare = 0.1 | 0.05 | 0.01

/** Every such part, the largest first. */
export const tailShares: readonly TailShare[] = [0.1, 0.05, 0.01]

/** How many values the tail of a block is: by the sizes of its arms alone, so that the evidence stays valid. */
export function tailSize(share: TailShare, stable: number, canary: number): number {
  return Math.max(1, Math.round(share * (stable + canary)))
}
