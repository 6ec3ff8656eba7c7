import { z } from 'zod'

/** How often one may look: as often as one likes, or once, at the end of the window. */
export type Mode = 'sequential' | 'fixed'

/** A mode as people write it. */
export const modeSchema: z.ZodType<Mode> = z.enum(['sequential', 'fixed'], {
  error: ({ input }) =>
    Object(input) === input && 'looks' in (input as object)
      ? 'planned looks are no longer needed: leave out "mode" to look as often as you like at the same error rate, or write "mode: fixed" for one look at the end'
      : `expected sequential or fixed, got ${JSON.stringify(input)}`,
})
