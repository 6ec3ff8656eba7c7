import {
  daysToRead,
  type FlagChangeSeen,
  type FlagChangeVerdict,
  type FlagComparisonSeen,
  type FlagRules,
  type FlagsAnswer,
  flagsOf,
} from '@coalmine/comparator'
import { flagOf, parseSelector, type TimelineChange } from '@coalmine/store'
import type { Context } from '../context.ts'
import type { FlagVerdicts } from './flag-verdicts.ts'

/** Which flags: of one service or all, of one key or all. */
export interface FlagsAsked {
  readonly service?: string | undefined
  readonly flag?: string | undefined
}

const knownMs = 100 * 86_400_000
const mostChanges = 5_000

/** The state of flags, taking their declarations into account. */
export async function flagsAnswer(
  { store, now, flagVerdicts }: Pick<Context, 'store' | 'now'> & { readonly flagVerdicts: Pick<FlagVerdicts, 'of'> },
  rules: FlagRules,
  { service, flag }: FlagsAsked,
): Promise<FlagsAnswer> {
  const seen = await store.flags.life({ service, flag, days: daysToRead(rules) })
  const changes = await store.changes.list({ kind: 'flag', sinceMs: now() - knownMs, limit: mostChanges })
  const verdicts = await flagVerdicts.of(changes)
  return flagsOf({
    seen,
    changes: changes.map((change, at) => changeSeen(change, verdicts[at] ?? null)),
    comparisons: (await store.memory.flagVerdicts(service)).flatMap(comparisonSeen),
    rules,
    nowMs: now(),
    flag,
  })
}

function changeSeen({ atMs, ...one }: TimelineChange, verdict: FlagChangeVerdict | null): FlagChangeSeen {
  return {
    flag: one.flag,
    service: one.service,
    environment: one.environment,
    at: new Date(atMs).toISOString(),
    what: one.what,
    author: one.author,
    source: one.source,
    verdict,
  }
}

type Settled = Awaited<ReturnType<Context['store']['memory']['flagVerdicts']>>[number]

function comparisonSeen({ service, stable, canary, verdict, atMs }: Settled): FlagComparisonSeen[] {
  const keys = parseSelector(canary).flatMap((condition) => flagOf(condition) ?? [])
  return keys.map((flag) => ({ flag, service, stable, canary, verdict, at: new Date(atMs).toISOString() }))
}
