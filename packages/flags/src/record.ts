import { hash } from 'node:crypto'
import { markFlag, sayOnce } from '@coalmine/marks'
import type { Evaluation } from './evaluation.ts'
import { logEvaluation } from './log-event.ts'

/** Options of every adapter. */
export interface RecordOptions {
  /** Whether to emit a `feature_flag.evaluation` log event for each evaluation, if a logger provider is registered. Default true. */
  readonly logEvent?: boolean
}

/**
 * Marks the current request with a flag's variant, and emits the semantic conventions' log event. All adapters in this
 * package use it; call it yourself for a flag SDK without an adapter. Never throws.
 *
 * @example recordEvaluation({ key: 'new-pricing', value: true }) // coalmine.flag.new-pricing = "true"
 */
export function recordEvaluation(evaluation: Evaluation, options?: RecordOptions): void {
  recordFrom(() => evaluation, options)
}

/**
 * Like `recordEvaluation`, for callbacks of SDKs that may not catch errors: also catches errors in reading the arguments.
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
 * Only marks the request, for SDKs that report the rest later. Returns the variant used as the mark.
 *
 * @example markEvaluation({ key: 'new-pricing', value: true }) // 'true'
 */
export function markEvaluation(evaluation: Evaluation): string {
  const variant = variantOf(evaluation)
  markFlag(evaluation.key, variant, {
    targeted: evaluation.reason === 'targeting_match',
    bulk: evaluation.bulk === true,
  })
  return variant
}

/** Maximum length of a variant's name, in characters. */
const maxName = 128

/** The variant's name; otherwise the value if it is a short scalar, or its hash if it may be large or private. */
function variantOf({ variant, value }: Evaluation): string {
  // Providers written in JavaScript may name variants by numbers, or by null where there is none.
  const name = variant === undefined || variant === null ? '' : String(variant)
  if (name !== '') return name.length <= maxName ? name : shortHash(name)
  if (value === null || typeof value !== 'object') {
    const text = String(value)
    return text.length > 0 && text.length <= 32 ? text : hashOf(value)
  }
  const known = hashes.get(value)
  if (known !== undefined) return known
  const hashed = hashOf(value)
  hashes.set(value, hashed)
  return hashed
}

// SDKs return the same object for each evaluation of a variant, and hashing a megabyte blocks the process for 30 ms.
const hashes = new WeakMap<object, string>()

function hashOf(value: unknown): string {
  try {
    return shortHash(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part)))
  } catch {
    // It contains itself.
    return '(object)'
  }
}

function shortHash(text: string | undefined): string {
  return hash('sha256', text ?? 'undefined', 'hex').slice(0, 12)
}
