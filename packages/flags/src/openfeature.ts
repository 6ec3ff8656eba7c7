import type { EvaluationDetails, FlagValue, Hook, HookContext, ProviderEvents } from '@openfeature/server-sdk'
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { recordFlagChanges } from './flag-changes.ts'
import { type RecordOptions, recordFrom } from './record.ts'

export { testContextHook } from './test-context.ts'

/**
 * A hook for OpenFeature's server SDK that marks each request with the flags that were evaluated in it. Defaults that were
 * served after an error count too, as they are what the request got. It never changes a value.
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

// The SDK is the application's: nothing of it is loaded here.
const configurationChanged = 'PROVIDER_CONFIGURATION_CHANGED' as ProviderEvents.ConfigurationChanged

/** Where OpenFeature tells of its providers: its API, or a client. */
interface Events {
  addHandler(
    event: ProviderEvents.ConfigurationChanged,
    handler: (details?: { readonly flagsChanged?: string[]; readonly providerName?: string }) => void,
  ): void
}

/**
 * Reports flags whose configuration changed, according to OpenFeature's provider, so that they are on the timeline beside deploys.
 * Providers that do not name the flags that changed report none.
 *
 * @example recordConfigurationChanges(OpenFeature)
 */
export function recordConfigurationChanges(openFeature: Events): void {
  openFeature.addHandler(configurationChanged, (details) => {
    recordFlagChanges(details?.flagsChanged ?? [], details?.providerName)
  })
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
