import type { EvaluationDetails, FlagValue, Hook, HookContext } from '@openfeature/server-sdk'
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { type RecordOptions, recordFrom } from './record.ts'

export { testContextHook } from './test-context.ts'

/**
 * A hook for OpenFeature's server SDK that marks each request with the flags that were evaluated in it, defaults that
 * were served after an error included: that is what the request got. It never changes a value.
 *
 * @example OpenFeature.addHooks(coalmineHook())
 */
export function coalmineHook(options?: RecordOptions): Hook {
  return {
    finally(context: Readonly<HookContext>, details: EvaluationDetails<FlagValue>): void {
      recordFrom(() => evaluationOf(context, details), options)
    },
  }
}

function evaluationOf(
  { flagKey, providerMetadata }: Readonly<HookContext>,
  { variant, value, reason, errorCode, flagMetadata }: EvaluationDetails<FlagValue>,
): Evaluation {
  const version = flagMetadata?.['version']
  return {
    key: flagKey,
    variant,
    value,
    reason: reason?.toLowerCase() as Reason | undefined,
    version: version === undefined ? undefined : String(version),
    provider: providerMetadata.name,
    errorType: errorCode?.toLowerCase() as ErrorType | undefined,
  }
}
