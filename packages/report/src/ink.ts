import type { Outcome } from '@coalmine/comparator'
import type { createColors } from 'picocolors'

/** Colours text, or leaves it unchanged if colours are off. */
export type Ink = ReturnType<typeof createColors>

/** An outcome as the first word of a report. */
export function stamp(outcome: Outcome, ink: Ink): string {
  const paint = { pass: ink.green, fail: ink.red, inconclusive: ink.yellow, invalid: ink.magenta }[outcome]
  return ink.bold(paint(outcome.toUpperCase()))
}
