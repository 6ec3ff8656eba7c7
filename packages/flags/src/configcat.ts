import type { EvaluationDetails } from '@configcat/sdk'
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { type RecordOptions, recordFrom } from './record.ts'

/**
 * A listener for ConfigCat's SDK that marks each request with the settings evaluated in it. The mark is the value, or
 * ConfigCat's variation ID if the value is a long string.
 *
 * @example getClient(sdkKey, PollingMode.AutoPoll, { setupHooks: (hooks) => hooks.on('flagEvaluated', coalmineListener()) })
 */
export function coalmineListener(options?: RecordOptions): (details: EvaluationDetails) => void {
  return (details) => recordFrom(() => evaluationOf(details), options)
}

function evaluationOf(details: EvaluationDetails): Evaluation {
  const { key, value, variationId, errorCode } = details
  return {
    key,
    variant: isLong(value) ? (variationId ?? undefined) : undefined,
    value,
    reason: reasonOf(details),
    provider: 'configcat',
    errorType: errorCode === 0 ? undefined : (errors[errorCode] ?? 'general'),
  }
}

function isLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > 32
}

function reasonOf({ isDefaultValue, matchedTargetingRule, matchedPercentageOption }: EvaluationDetails): Reason {
  if (isDefaultValue) return 'error'
  if (matchedPercentageOption) return 'split'
  return matchedTargetingRule ? 'targeting_match' : 'default'
}

/** ConfigCat's EvaluationErrorCode. https://configcat.com/docs/sdk-reference/js/overview/ */
const errors: Readonly<Record<number, ErrorType>> = {
  1: 'parse_error',
  2: 'type_mismatch',
  1000: 'provider_not_ready',
  1001: 'flag_not_found',
}
