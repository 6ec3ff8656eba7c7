import { z } from 'zod'
import { once } from './once.ts'
import { sequential } from './sequential.ts'
import type { Statistics } from './statistics.ts'

/** How often one may look: as often as one likes, or once, at the end of the window. */
export type Mode = 'sequential' | 'fixed'

export const modeSchema: z.ZodType<Mode> = z.enum(['sequential', 'fixed'], {
  error: ({ input }) => `expected sequential or fixed, got ${JSON.stringify(input)}`,
})

export function statisticsOf(mode: Mode): Statistics {
  return mode === 'sequential' ? sequential : once
}
