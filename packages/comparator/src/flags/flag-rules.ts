/** After how many days a flag is what. */
export interface FlagDays {
  /** Not evaluated for so long, it is unseen. */
  readonly unseen: number
  /** One variant alone for so long, it is settled. */
  readonly settled: number
  /** For so long after its first evaluation it is new. */
  readonly new: number
  /** The same partial shares for so long, it is stuck. */
  readonly stuck: number
}

/** What is declared of a flag. */
export interface FlagRule {
  /** Who is asked about it; null where nobody is named. */
  readonly owner: string | null
  /** It is meant to stay, such as a switch that turns something off in an emergency. */
  readonly permanent: boolean
  readonly days: FlagDays
}

/** What `flags:` of a `coalmine.yaml` says. */
export interface FlagRules {
  readonly days: FlagDays
  /** By key: those that the file names. */
  readonly keys: ReadonlyMap<string, FlagRule>
}

/** What counts where nothing is declared: the days that teams clean up by. */
export const usualFlagRules: FlagRules = {
  days: { unseen: 30, settled: 14, new: 14, stuck: 30 },
  keys: new Map(),
}

/**
 * What is declared of one flag.
 *
 * @example flagRuleOf(usualFlagRules, 'new-pricing').permanent // false
 */
export function flagRuleOf({ days, keys }: FlagRules, flag: string): FlagRule {
  return keys.get(flag) ?? { owner: null, permanent: false, days }
}
