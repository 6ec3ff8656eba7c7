import { countOf, mergeHistograms, type Sizes } from '@coalmine/stats'
import type { DistributionBlock } from './series.ts'

/** Successive blocks that were joined, and the last of them, which do not hold enough yet. */
export interface JoinedBlocks {
  readonly blocks: readonly DistributionBlock[]
  readonly open: readonly DistributionBlock[]
}

/** Successive blocks joined until they hold so many values; one that does stays what it is. */
export function joinedTo(blocks: readonly DistributionBlock[], values: number): JoinedBlocks {
  const large: DistributionBlock[] = []
  let open: DistributionBlock[] = []
  let held = 0
  for (const block of blocks) {
    open.push(block)
    held += sizeOf(block)
    if (held < values) continue
    large.push(open.length === 1 ? block : merged(open))
    open = []
    held = 0
  }
  return { blocks: large, open }
}

/** So many values a tail takes, of which it is one at least. */
export const fewestInTail = { 0.1: 0, 0.05: 20, 0.01: 100 } as const

function sizeOf({ stable, canary, sizes }: DistributionBlock & { readonly sizes?: Sizes }): number {
  return sizes ? sizes.stable + sizes.canary : countOf(stable) + countOf(canary)
}

function merged(blocks: readonly DistributionBlock[]): DistributionBlock {
  return {
    tick: blocks.at(-1)!.tick,
    stable: mergeHistograms(blocks.map(({ stable }) => stable)),
    canary: mergeHistograms(blocks.map(({ canary }) => canary)),
  }
}
