import type { Decided } from '../decide.ts'

import { nameInWords } from './wording.ts'

/** The outcome of a comparison. */
export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'invalid'

/** What the verdict would have been by the advisory metrics alone. */
export interface Advisory {
  readonly verdict: Exclude<Outcome, 'invalid'>
  readonly message: string
}

/** FAIL on any proof of harm; PASS if the comparison is fair and everything that PASS needs is proved. */
export function outcomeOf(decided: readonly Decided[], unfair: boolean): Exclude<Outcome, 'invalid'> {
  if (decided.some((one) => one.decision === 'fail')) return 'fail'
  const required = decided.filter((one) => one.required)
  return !unfair && required.length > 0 && required.every((one) => one.decision === 'pass') ? 'pass' : 'inconclusive'
}

/** What the verdict would have been by the advisory metrics alone, which have their own alpha. */
export function advisoryOf(advised: readonly Decided[], unfair: boolean): Advisory | null {
  if (advised.length === 0) return null
  const verdict = outcomeOf(advised, unfair)
  const telling = advised.filter((one) => one.decision === verdict)
  const names = [...new Set(telling.map((one) => nameInWords(one.metric.name)))]
  const message = {
    fail: `worse than the margin: ${names.join(', ')}`,
    pass: `within the margins: ${names.join(', ')}`,
    inconclusive: 'not settled yet',
  }[verdict]
  return {
    verdict,
    message: `Advisory metrics, which decide nothing, would say ${verdict.toUpperCase()}: ${message}.`,
  }
}
