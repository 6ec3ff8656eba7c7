import type { Verdict } from '@coalmine/comparator'
import type { Ink } from './ink.ts'

/** The hypotheses and whether each came true, then what the advisory metrics would have said. */
export function hypothesisLines({ hypotheses, advisory }: Verdict, ink: Ink): string[] {
  const paint = { confirmed: ink.green, refuted: ink.red, open: ink.yellow }
  const answers = hypotheses.map(({ answer, message }) => message.replace(/^\w+/, (stamp) => paint[answer](stamp)))
  return [...answers, ...(advisory ? [ink.dim(advisory.message)] : [])].map((line) => `  ${line}`)
}
