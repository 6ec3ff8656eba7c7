import { createHash } from 'node:crypto'
import { markFlag, sayOnce } from '@coalmine/marks'
import type { Evaluation } from './evaluation.ts'
import { logEvaluation } from './log-event.ts'

/** Options that every adapter takes. */
export interface RecordOptions {
  /** Whether to emit a `feature_flag.evaluation` log event for each evaluation, if a logger provider is registered. Default true. */
  readonly logEvent?: boolean
}

/**
 * Marks the current request with a flag's variant, and emits the log event of the semantic conventions. All adapters of
 * this package use it; call it yourself for a flag SDK that has no adapter. Never throws.
 *
 * @example recordEvaluation({ key: 'new-pricing', value: true }) // coalmine.flag.new-pricing = "true"
 */
export function recordEvaluation(evaluation: Evaluation, options?: RecordOptions): void {
  recordFrom(() => evaluation, options)
}

/**
 * The same for an SDK's callback, whose SDK may not catch: what it is given is read with the same care.
 *
 * @example recordFrom(() => ({ key: detail.flagName, value: detail.value })) // coalmine.flag.new-pricing = "true"
 */
export function recordFrom(read: () => Evaluation, { logEvent = true }: RecordOptions = {}): void {
  try {
    const evaluation = read()
    const variant = markEvaluation(evaluation)
    if (logEvent) logEvaluation(evaluation, variant)
  } catch (error) {
    sayOnce('a flag evaluation could not be recorded', error)
  }
}

/**
 * The first half alone, for an SDK that tells the rest later. Gives the variant as the request is marked with it.
 *
 * @example markEvaluation({ key: 'new-pricing', value: true }) // 'true'
 */
export function markEvaluation(evaluation: Evaluation): string {
  const variant = variantOf(evaluation)
  markFlag(evaluation.key, variant, { targeted: evaluation.reason === 'targeting_match' })
  return variant
}

/** Without a name, short scalars are their own; whatever may be large or private is told apart by its hash. */
function variantOf({ variant, value }: Evaluation): string {
  if (variant !== undefined && variant !== '') return variant
  if (value === null || typeof value !== 'object') {
    const text = String(value)
    if (text.length > 0 && text.length <= 32) return text
  }
  return createHash('sha256')
    .update(JSON.stringify(value) ?? 'undefined')
    .digest('hex')
    .slice(0, 12)
}
