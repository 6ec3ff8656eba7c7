import type { BaseFlag, Flags, Flagsmith } from 'flagsmith-nodejs'
import type { Evaluation } from './evaluation.ts'
import { observed } from './observed.ts'
import { type RecordOptions, recordEvaluation } from './record.ts'

/**
 * Wraps a Flagsmith client, so that every flag that is read marks its request. The mark of a feature that is on is its
 * value, or `true` without one; of a feature that is off it is `false`, whichever method reads it.
 *
 * @example const flagsmith = coalmineClient(new Flagsmith({ environmentKey }))
 */
export function coalmineClient(client: Flagsmith, options?: RecordOptions): Flagsmith {
  const observeFlags = (flags: Flags): Flags => {
    const record = (key: string, flag: BaseFlag): void => {
      const value = flag.enabled ? (flag.value ?? true) : false
      recordEvaluation({ key, value: value === '' ? true : value, ...why(flags, flag), provider: 'flagsmith' }, options)
    }
    return observed(flags, {
      allFlags: (all) => {
        for (const flag of all) record(flag.featureName, flag)
      },
      getFlag: (flag, [key]) => record(key, flag),
      getFeatureValue: (_, [key]) => record(key, seen(flags, key)),
      isFeatureEnabled: (_, [key]) => record(key, seen(flags, key)),
    })
  }
  return observed(client, {}, { getEnvironmentFlags: observeFlags, getIdentityFlags: observeFlags })
}

/** Looked up as `getFlag` does, without telling Flagsmith's analytics a second time. */
function seen({ flags, defaultFlagHandler }: Flags, key: string): BaseFlag {
  return flags[key] ?? defaultFlagHandler?.(key) ?? { enabled: false, value: undefined, isDefault: true }
}

/** Such as `DEFAULT`, `TARGETING_MATCH; segment=beta users`, `SPLIT; weight=50`. */
function why(flags: Flags, flag: BaseFlag): Pick<Evaluation, 'reason' | 'errorType' | 'ruleId'> {
  if (flag.isDefault) {
    const loaded = Object.keys(flags.flags).length > 0
    return { reason: 'error', errorType: loaded ? 'flag_not_found' : 'provider_not_ready' }
  }
  const [reason, detail] = (flag as Flags['flags'][string]).reason?.split('; ') ?? []
  if (!flag.enabled) return { reason: 'disabled' }
  if (reason === 'SPLIT') return { reason: 'split' }
  if (reason === 'TARGETING_MATCH') return { reason: 'targeting_match', ruleId: detail?.replace(/^segment=/, '') }
  return reason === 'DEFAULT' ? { reason: 'default' } : {}
}
