import { z } from 'zod'

/** How often you may look: as often as you like (`sequential`), or once, at the end of the window (`fixed`). */
export type Mode = 'sequential' | 'fixed'

/** A mode as written in a policy. */
export const modeSchema: z.ZodType<Mode> = z.enum(['sequential', 'fixed'], {
  error: ({ input }) =>
    Object(input) === input && 'looks' in (input as object)
      ? 'planned looks are no longer needed: leave out "mode" to look as often as you like at the same error rate, or write "mode: fixed" for one look at the end'
      : `expected sequential or fixed, got ${JSON.stringify(input)}`,
})
