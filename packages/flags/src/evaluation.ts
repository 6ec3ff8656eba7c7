import { createHash } from 'node:crypto'
import { markFlag } from '@coalmine/marks'
import { diag } from '@opentelemetry/api'

/** What one evaluation of a flag came to, in every flag SDK's terms at once. Nothing in it says for whom. */
export interface Evaluation {
  readonly key: string
  /** The variant's name, where the SDK has names for them. */
  readonly variant?: string | undefined
  readonly value?: unknown
}

/**
 * Marks the current request with a flag's variant. Every adapter of this package ends here; an application calls it
 * for a flag SDK that has none. Never throws.
 *
 * @example recordEvaluation({ key: 'new-pricing', value: true }) // coalmine.flag.new-pricing = "true"
 */
export function recordEvaluation(evaluation: Evaluation): void {
  try {
    markFlag(evaluation.key, variantOf(evaluation))
  } catch (error) {
    diag.warn(`coalmine: an evaluation of the flag ${evaluation?.key} was not recorded: ${error}`)
  }
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
