import type { BaseFlag, Flags, Flagsmith } from 'flagsmith-nodejs'
import type { Evaluation } from './evaluation.ts'
import { observed } from './observed.ts'
import { type RecordOptions, recordEvaluation } from './record.ts'

/**
 * Wraps a Flagsmith client so that every flag that is read marks its request. The mark of an enabled feature is its value,
 * or `true` if it has none; that of a disabled feature is `false`, whichever method reads it.
 *
 * @example const flagsmith = coalmineClient(new Flagsmith({ environmentKey }))
 */
export function coalmineClient(client: Flagsmith, options?: RecordOptions): Flagsmith {
  const observeFlags = (flags: Flags): Flags => {
    const record = (key: string, flag: BaseFlag, bulk = false): void => {
      const value = flag.enabled ? (flag.value ?? true) : false
      recordEvaluation(
        { key, value: value === '' ? true : value, ...why(flags, flag), provider: 'flagsmith', bulk },
        options,
      )
    }
    return observed(flags, {
      allFlags: (all) => {
        for (const flag of all) record(flag.featureName, flag, true)
      },
      getFlag: (flag, [key]) => record(key, flag),
      getFeatureValue: (_, [key]) => record(key, seen(flags, key)),
      isFeatureEnabled: (_, [key]) => record(key, seen(flags, key)),
    })
  }
  return observed(client, {}, { getEnvironmentFlags: observeFlags, getIdentityFlags: observeFlags })
}

/** Looks a flag up like `getFlag`, without reporting it to Flagsmith's analytics again. */
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
