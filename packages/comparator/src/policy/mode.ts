import { groupSequentialBounds, logNormalCdf, type Spending } from '@coalmine/stats'
import { z } from 'zod'

/** A number of looks that is planned beforehand, evenly spaced, and how alpha is spent over them. */
export interface PlannedLooks {
  readonly looks: number
  readonly spending: Spending
}

/** How often one may look: as often as one likes, once at the end of the window, or a planned number of times. */
export type Mode = 'sequential' | 'fixed' | PlannedLooks

/** A mode as people write it. */
export type ModeInput = 'sequential' | 'fixed' | { readonly looks: number; readonly spending?: Spending | undefined }

const planned = z.strictObject({
  looks: z.int().min(2).max(100).describe('How many looks are planned, evenly spaced.'),
  spending: z
    .enum(['obrien-fleming', 'pocock', 'power'])
    .default('obrien-fleming')
    .describe('How alpha is spent over them: hardly any early on, nearly evenly, or by the square.'),
})

export const modeSchema: z.ZodType<Mode, ModeInput> = z.union([z.enum(['sequential', 'fixed']), planned], {
  error: ({ input }) =>
    `expected sequential, fixed, or a number of looks such as { looks: 5, spending: obrien-fleming }, got ${JSON.stringify(input)}`,
})

/**
 * The level that a look may use of an alpha: all of it where tests hold at every look, or look once; of planned looks what
 * the spending function gives this one (Lan and DeMets 1983).
 *
 * @throws {RangeError} when more looks were taken than planned.
 * @example levelAt({ looks: 5, spending: 'obrien-fleming' }, 1)(0.025) // 5.4e-7: next to nothing, this early
 */
export function levelAt(mode: Mode, look: number): (alpha: number) => number {
  if (typeof mode === 'string') return (alpha) => alpha
  const { looks, spending } = mode
  if (!(look >= 1 && look <= looks)) throw new RangeError(`look: expected 1 to ${looks}, got ${look}`)
  const fractions = Array.from({ length: look }, (_, at) => (at + 1) / looks)
  const known = new Map<number, number>()
  return (alpha) => {
    const found = known.get(alpha)
    if (found !== undefined) return found
    const bound = groupSequentialBounds({ spending, alpha, fractions, sides: 1 }).at(-1)!
    const level = Math.exp(logNormalCdf(-bound))
    known.set(alpha, level)
    return level
  }
}
