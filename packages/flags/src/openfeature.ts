import type { EvaluationDetails, FlagValue, Hook, HookContext } from '@openfeature/server-sdk'
import { recordEvaluation } from './evaluation.ts'

/**
 * A hook for OpenFeature's server SDK that marks each request with the flags that were evaluated in it, defaults that
 * were served after an error included: that is what the request got. It never changes a value.
 *
 * @example OpenFeature.addHooks(coalmineHook())
 */
export function coalmineHook(): Hook {
  return {
    finally(context: Readonly<HookContext>, details: EvaluationDetails<FlagValue>): void {
      recordEvaluation({ key: context.flagKey, variant: details.variant, value: details.value })
    },
  }
}
