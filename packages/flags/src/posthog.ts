import type { FeatureFlagEvaluations, PostHog } from 'posthog-node'
import type { Evaluation } from './evaluation.ts'
import { type Observers, observed } from './observed.ts'
import { type RecordOptions, recordEvaluation } from './record.ts'

/**
 * Wraps a PostHog client so that every flag that is read marks its request; PostHog sends its own event only once per user.
 * The mark is the variant if the flag has variants, also after `isEnabled`.
 *
 * @example const posthog = coalmineClient(new PostHog(apiKey))
 */
export function coalmineClient(client: PostHog, options?: RecordOptions): PostHog {
  const record = (evaluation: Evaluation): void => recordEvaluation({ ...evaluation, provider: 'posthog' }, options)
  const recordResult = (key: string, result: unknown, bulk = false): void =>
    record(
      result === undefined
        ? { key, value: result, reason: 'error', errorType: 'flag_not_found' }
        : { ...named(key, result), bulk },
    )
  const observeFlags = (flags: FeatureFlagEvaluations): FeatureFlagEvaluations => {
    const recordRead = (key: string, result: unknown): void => {
      // Looked up directly, because PostHog would count another read.
      const flag = flags['_flags']?.[key]
      const value = flag ? flag.enabled && (flag.variant ?? true) : result
      record({ ...named(key, value), ...why(flags, key) })
    }
    return observed(
      flags,
      {
        isEnabled: (enabled, [key]) => recordRead(key, enabled),
        getFlag: (value, [key]) => recordRead(key, value),
        getFlagPayload: (_, [key]) => recordRead(key, undefined),
      },
      { only: observeFlags, onlyAccessed: observeFlags },
    )
  }
  const recordAll = (values: Readonly<Record<string, unknown>>): void => {
    for (const [key, value] of Object.entries(values)) recordResult(key, value, true)
  }
  const observers: Observers<PostHog> = {
    getFeatureFlag: (value, [key]) => recordResult(key, value),
    isFeatureEnabled: (enabled, [key]) => recordResult(key, enabled),
    getFeatureFlagResult: (result, [key]) => recordResult(key, flagValue(result)),
    getAllFlags: recordAll,
    getAllFlagsAndPayloads: ({ featureFlags = {} }) => recordAll(featureFlags),
  }
  const { getFeatureFlagPayload } = payloadsSeen(client, recordResult)
  return observed(client, observers, { evaluateFlags: observeFlags }, { getFeatureFlagPayload })
}

interface FlagResult {
  readonly enabled: boolean
  readonly variant?: string | undefined
}

function flagValue(result: FlagResult | undefined): string | boolean | undefined {
  return result && (result.enabled ? (result.variant ?? true) : false)
}

/**
 * A payload does not reveal its variant, but the look-up that PostHog makes for it does. The method runs on a separate object
 * in front of the client, so that only that look-up is observed.
 */
function payloadsSeen(
  client: PostHog,
  record: (key: string, value: unknown) => void,
): Pick<PostHog, 'getFeatureFlagPayload'> {
  const lookUp = (client as unknown as Record<string, unknown>)['_getFeatureFlagResult']
  if (typeof lookUp !== 'function') return client
  const inFront = Object.create(client, {
    _getFeatureFlagResult: {
      value: async (key: string, ...more: unknown[]) => {
        const result: FlagResult | undefined = await lookUp.call(client, key, ...more)
        record(key, flagValue(result))
        return result
      },
    },
  }) as PostHog
  return { getFeatureFlagPayload: (...args) => inFront.getFeatureFlagPayload(...args) }
}

/** PostHog's variants are strings; a flag without variants is a boolean. */
function named(key: string, value: unknown): Evaluation {
  return typeof value === 'string' ? { key, variant: value } : { key, value }
}

function why(
  flags: FeatureFlagEvaluations,
  key: string,
): Pick<Evaluation, 'reason' | 'errorType' | 'ruleId' | 'version'> {
  const flag = flags['_flags']?.[key]
  if (!flag) {
    if (key in flags.unresolvedFlags) return { reason: 'error', errorType: 'invalid_context' }
    return { reason: 'error', errorType: flags.keys.length > 0 ? 'flag_not_found' : 'provider_not_ready' }
  }
  // Its reason is then `Evaluated locally`, whatever the rule.
  if (flag.locallyEvaluated) return {}
  const version = flag.version === undefined ? undefined : String(flag.version)
  const rule = /^matched (condition set \d+)/i.exec(flag.reason ?? '')?.[1]
  if (rule) return { reason: 'targeting_match', ruleId: rule, version }
  return /^no matching condition|^out of rollout/i.test(flag.reason ?? '')
    ? { reason: 'default', version }
    : { version }
}
