import type {
  ErrorCode,
  EvaluationDetails,
  FlagValue,
  Hook,
  HookContext,
  ProviderEvents,
} from '@openfeature/server-sdk'
import type { ErrorType, Evaluation, Reason } from './evaluation.ts'
import { recordFlagChanges } from './flag-changes.ts'
import { type RecordOptions, recordFrom } from './record.ts'

export { testContextHook } from './test-context.ts'

/**
 * A hook for OpenFeature's server SDK that marks each request with the flags evaluated in it. Defaults served after an error
 * count too, because they are what the request got. It never changes a value.
 *
 * @example OpenFeature.addHooks(coalmineHook())
 */
export function coalmineHook(options?: RecordOptions): Hook {
  const seen = new WeakMap<object, EvaluationDetails<FlagValue>>()
  let isOld = true
  return {
    after(context: Readonly<HookContext>, details: EvaluationDetails<FlagValue>): void {
      if (isOld && Object(context) === context) seen.set(context, details)
    },
    finally(context: Readonly<HookContext>, details: EvaluationDetails<FlagValue> | undefined): void {
      // Before 1.17, the SDK tells this stage nothing; where `after` was not called, the evaluation failed.
      isOld = details?.flagKey === undefined
      recordFrom(() => evaluationOf(context, isOld ? (seen.get(context) ?? failed(context)) : details!), options)
    },
  }
}

function failed({ flagKey, defaultValue }: Readonly<HookContext>): EvaluationDetails<FlagValue> {
  return { flagKey, value: defaultValue, reason: 'ERROR', errorCode: 'GENERAL' as ErrorCode, flagMetadata: {} }
}

// A literal, because the SDK belongs to the application and must not be loaded here.
const configurationChanged = 'PROVIDER_CONFIGURATION_CHANGED' as ProviderEvents.ConfigurationChanged

/** The source of OpenFeature's provider events: its API, or a client. */
interface Events {
  addHandler(
    event: ProviderEvents.ConfigurationChanged,
    handler: (details?: { readonly flagsChanged?: string[]; readonly providerName?: string }) => void,
  ): void
}

/**
 * Reports flags whose configuration changed, according to OpenFeature's provider, so that they appear on the timeline beside
 * deploys. Nothing is reported for providers that do not name the changed flags.
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
    reason: lowerCase(reason) as Reason | undefined,
    version: version === undefined ? undefined : String(version),
    provider: providerMetadata?.name,
    errorType: lowerCase(errorCode) as ErrorType | undefined,
  }
}

/** A provider may give anything, whatever the types say. */
function lowerCase(text: unknown): string | undefined {
  return typeof text === 'string' ? text.toLowerCase() : undefined
}
