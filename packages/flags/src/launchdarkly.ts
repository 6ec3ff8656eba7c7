import type { integrations, LDEvaluationDetail } from '@launchdarkly/node-server-sdk'
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { type RecordOptions, recordFrom } from './record.ts'

/**
 * A hook for LaunchDarkly's server SDK that marks each request with the flags that were evaluated in it. LaunchDarkly
 * tells neither a variation's name nor a flag's version: the mark is the value.
 *
 * @example init(sdkKey, { hooks: [coalmineHook()] })
 */
export function coalmineHook(options?: RecordOptions): integrations.Hook {
  return {
    getMetadata: () => ({ name: '@coalmine/flags' }),
    afterEvaluation(context, data, detail) {
      recordFrom(() => evaluationOf(context.flagKey, detail), options)
      return data
    },
  }
}

function evaluationOf(key: string, { value, reason }: LDEvaluationDetail): Evaluation {
  return {
    key,
    value,
    reason: reasonOf(reason),
    ruleId: reason.ruleId,
    provider: 'launchdarkly',
    errorType: reason.kind === 'ERROR' ? (errors[reason.errorKind ?? ''] ?? 'general') : undefined,
  }
}

function reasonOf({ kind, inExperiment }: LDEvaluationDetail['reason']): Reason {
  return inExperiment ? 'split' : (reasons[kind] ?? 'unknown')
}

const reasons: Readonly<Record<string, Reason>> = {
  OFF: 'disabled',
  PREREQUISITE_FAILED: 'disabled',
  FALLTHROUGH: 'default',
  TARGET_MATCH: 'targeting_match',
  RULE_MATCH: 'targeting_match',
  ERROR: 'error',
}

const errors: Readonly<Record<string, ErrorType>> = {
  CLIENT_NOT_READY: 'provider_not_ready',
  FLAG_NOT_FOUND: 'flag_not_found',
  MALFORMED_FLAG: 'parse_error',
  USER_NOT_SPECIFIED: 'invalid_context',
  WRONG_TYPE: 'type_mismatch',
}
