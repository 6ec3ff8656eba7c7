import { blocksOf } from '@coalmine/stats'
import { fullBlock, type OperationSeries, patience, type RateBlock, wholeOf } from '../series.ts'

/**
 * Returns a function that makes the whole service of new ticks, as `wholeOf` does of all ticks. It keeps the ticks that are not yet part
 * of a block, so that the blocks are the same, however many ticks come at once.
 *
 * @example const whole = growingWhole(); whole(first); whole(later).rates.get('errors') // the blocks that the later ticks completed
 */
export function growingWhole(): typeof wholeOf {
  const open = new Map<string, readonly RateBlock[]>()
  return (series: readonly OperationSeries[]) => {
    const whole = wholeOf(series)
    const rates = new Map<string, readonly RateBlock[]>()
    for (const [name, ticks] of whole.failures) {
      const all = [...(open.get(name) ?? []), ...ticks]
      const blocks = blocksOf(all, fullBlock.rate, patience)
      const until = blocks.at(-1)?.tick ?? Number.NEGATIVE_INFINITY
      open.set(
        name,
        all.filter(({ tick }) => tick > until),
      )
      rates.set(name, blocks)
    }
    return { ...whole, rates }
  }
}
