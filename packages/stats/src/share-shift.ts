/** The units of a block, and how many of them have the property. */
export interface ShareBlock {
  readonly n: number
  readonly events: number
}

/** A shift of a share from some block on. */
export interface ShareShift {
  /** Index of the first block with the new share. */
  readonly at: number
  readonly before: number
  readonly after: number
}

/** This many blocks in a row beyond all blocks before them are not chance. */
const afterBlocks = 6
const beforeBlocks = 40
const fewestBefore = 30
// Smaller moves are not a flag being turned: shares drift with the time of day.
const leastPoints = 0.05
const leastOdds = 1.5

/** The number of blocks needed to find a shift, including those before it. */
export const shiftWindow: number = afterBlocks + beforeBlocks

/**
 * Whether the last six blocks all have a larger share than each of up to forty before them, or all a smaller one, by five points or
 * half of the odds: exact permutation of blocks, so that requests that come in bursts within blocks are no evidence. Where blocks are
 * exchangeable the chance at each look is at most 2/C(36, 6) = 1.1e-6, and 2.2e-7 with all forty. Blocks with less than half of the usual requests are as different by chance alone: among the six
 * they settle nothing, and those before are left out.
 *
 * @param blocks in order, each with about the same number of units; the last 46 count.
 * @returns undefined if there is no shift, or too little data.
 * @example shareShift([...thirty blocks of 10 in 100, ...six of 50 in 100]) // { at: 30, before: 0.1, after: 0.5 }
 */
export function shareShift(blocks: readonly ShareBlock[]): ShareShift | undefined {
  if (blocks.length < afterBlocks + fewestBefore) return undefined
  const at = blocks.length - afterBlocks
  const window = blocks.slice(-shiftWindow)
  const usual = window.map(({ n }) => n).sort((a, b) => a - b)[window.length >> 1]!
  const isWhole = ({ n }: ShareBlock): boolean => n > 0 && n >= usual / 2
  const after = blocks.slice(at)
  const before = window.slice(0, -afterBlocks).filter(isWhole)
  if (before.length < fewestBefore || !after.every(isWhole)) return undefined
  const [early, late] = [before.map(shareOf), after.map(shareOf)]
  const isUp = Math.min(...late) > Math.max(...early)
  const isDown = Math.max(...late) < Math.min(...early)
  if (!isUp && !isDown) return undefined
  const [was, is] = [pooled(before), pooled(after)]
  const moved =
    Math.abs(was.share - is.share) >= leastPoints || Math.max(is.odds / was.odds, was.odds / is.odds) >= leastOdds
  return moved ? { at, before: was.share, after: is.share } : undefined
}

const shareOf = ({ n, events }: ShareBlock): number => events / n

function pooled(blocks: readonly ShareBlock[]): { readonly share: number; readonly odds: number } {
  const n = blocks.reduce((sum, one) => sum + one.n, 0)
  const events = blocks.reduce((sum, one) => sum + one.events, 0)
  return { share: events / n, odds: (events + 0.5) / (n - events + 0.5) }
}
