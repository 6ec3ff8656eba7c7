import type { Unleash, Variant } from 'unleash-client'
import type { Evaluation } from './evaluation.ts'
import { observed } from './observed.ts'
import { type RecordOptions, recordEvaluation } from './record.ts'

/**
 * Wraps an Unleash client, so that every evaluation marks its request; Unleash itself reports only flags with impression
 * data. The mark is the variant where the flag has variants, also after `isEnabled`, so that using both in one request is
 * not `(mixed)`. A flag that is off is `false`. Use this client, not the functions of Unleash's module.
 *
 * @example const unleash = coalmineClient(await startUnleash(config))
 */
export function coalmineClient(client: Unleash, options?: RecordOptions): Unleash {
  const record = (key: string, enabled: boolean, variant: Variant | undefined): void => {
    const named = variant?.enabled ? { variant: variant.name } : { value: enabled }
    recordEvaluation({ key, ...named, ...why(client, key), provider: 'unleash' }, options)
  }
  return observed(client, {
    isEnabled: (enabled, [name, context = {}]) =>
      record(name, enabled, enabled && hasVariants(client, name) ? variantOf(client, name, context) : undefined),
    getVariant: (variant, [name]) => record(name, variant.feature_enabled ?? variant.enabled, variant),
    forceGetVariant: (variant, [name]) => record(name, variant.feature_enabled ?? variant.enabled, variant),
  })
}

function why(client: Unleash, key: string): Pick<Evaluation, 'reason' | 'errorType'> {
  const definition = client.getFeatureToggleDefinition(key)
  if (definition) return definition.enabled ? {} : { reason: 'disabled' }
  return { reason: 'error', errorType: client.isSynchronized() ? 'flag_not_found' : 'provider_not_ready' }
}

function hasVariants(client: Unleash, key: string): boolean {
  const definition = client.getFeatureToggleDefinition(key)
  if (!definition) return false
  if (definition.variants && definition.variants.length > 0) return true
  return definition.strategies?.some(({ variants }) => variants && variants.length > 0) ?? false
}

/** Asks the inner client, which records no metrics or impressions, since the application did not ask for the variant. */
function variantOf(client: Unleash, name: string, context: object): Variant | undefined {
  return client['client']?.forceGetVariant(name, { ...client['staticContext'], ...context })
}
