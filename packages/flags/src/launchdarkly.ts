import type { integrations, LDClient, LDEvaluationDetail, LDFlagsState } from '@launchdarkly/node-server-sdk'
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { observed } from './observed.ts'
import { type RecordOptions, recordFrom } from './record.ts'

/**
 * A hook for LaunchDarkly's server SDK that marks each request with the flags that were evaluated in it. The mark is the
 * value, because LaunchDarkly's hooks get neither the name of a variation nor the version of a flag.
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

/**
 * Wraps a LaunchDarkly client, so that flags read from its `allFlagsState()` mark their request too: LaunchDarkly calls no
 * hook for those. Reading all flags at once marks the request with all of them.
 *
 * @example const client = coalmineClient(init(sdkKey, { hooks: [coalmineHook()] }))
 */
export function coalmineClient(client: LDClient, options?: RecordOptions): LDClient {
  const observeState = (state: LDFlagsState): LDFlagsState => {
    const record = (key: string, value: unknown, bulk = false): void => {
      const why = state.getFlagReason(key)
      const evaluation = why
        ? evaluationOf(key, { value, reason: why })
        : { key, value, provider, ...(value === null || value === undefined ? unknownFlag : {}) }
      recordFrom(() => ({ ...evaluation, bulk }), options)
    }
    const recordAll = (values: object): void => {
      for (const [key, value] of Object.entries(values)) if (!key.startsWith('$')) record(key, value, true)
    }
    return observed(state, {
      getFlagValue: (value, [key]) => record(key, value),
      allValues: recordAll,
      toJSON: recordAll,
    })
  }
  return observed(client, {}, { allFlagsState: observeState })
}

const provider = 'launchdarkly'
const unknownFlag = { reason: 'error', errorType: 'flag_not_found' } as const

function evaluationOf(key: string, { value, reason }: Pick<LDEvaluationDetail, 'reason' | 'value'>): Evaluation {
  return {
    key,
    value,
    reason: reasonOf(reason),
    ruleId: reason.ruleId,
    provider,
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
