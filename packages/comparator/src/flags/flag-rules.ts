/** The number of days that decide a flag's state. */
export interface FlagDays {
  /** Unseen after this long without an evaluation. */
  readonly unseen: number
  /** Settled after this long with a single variant. */
  readonly settled: number
  /** New for this long after its first evaluation. */
  readonly new: number
  /** Stuck after this long with the same partial shares. */
  readonly stuck: number
}

/** The declaration of a flag. */
export interface FlagRule {
  /** Who to ask about it; null if nobody is named. */
  readonly owner: string | null
  /** Whether it is meant to stay, like a kill switch. */
  readonly permanent: boolean
  readonly days: FlagDays
}

/** The content of `flags:` in a `coalmine.yaml`. */
export interface FlagRules {
  readonly days: FlagDays
  /** The declared flags, by key. */
  readonly keys: ReadonlyMap<string, FlagRule>
}

/** The default rules: the days by which teams usually clean up. */
export const usualFlagRules: FlagRules = {
  days: { unseen: 30, settled: 14, new: 14, stuck: 30 },
  keys: new Map(),
}

/**
 * The rule of one flag.
 *
 * @example flagRuleOf(usualFlagRules, 'new-pricing').permanent // false
 */
export function flagRuleOf({ days, keys }: FlagRules, flag: string): FlagRule {
  return keys.get(flag) ?? { owner: null, permanent: false, days }
}
