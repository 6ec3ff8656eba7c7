import type { EvaluationDetails, FlagValue, Hook, HookContext } from '@openfeature/server-sdk'
import { type ErrorType, type Reason, type RecordOptions, recordEvaluation } from './evaluation.ts'

/**
 * A hook for OpenFeature's server SDK that marks each request with the flags that were evaluated in it, defaults that
 * were served after an error included: that is what the request got. It never changes a value.
 *
 * @example OpenFeature.addHooks(coalmineHook())
 */
export function coalmineHook(options?: RecordOptions): Hook {
  return {
    finally(context: Readonly<HookContext>, details: EvaluationDetails<FlagValue>): void {
      const { variant, value, reason, errorCode, flagMetadata } = details
      const version = flagMetadata?.['version']
      recordEvaluation(
        {
          key: context.flagKey,
          variant,
          value,
          reason: reason?.toLowerCase() as Reason | undefined,
          version: version === undefined ? undefined : String(version),
          provider: context.providerMetadata.name,
          errorType: errorCode?.toLowerCase() as ErrorType | undefined,
        },
        options,
      )
    },
  }
}
