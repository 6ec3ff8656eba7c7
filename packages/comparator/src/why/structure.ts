import { eBenjaminiHochberg, oddsRatioProcess } from '@coalmine/stats'
import type { Facts, SpanTick } from '../facts.ts'
import { percent, rounded } from '../numbers.ts'
import type { Policy } from '../policy/policy.ts'
import type { Reason } from '../reason.ts'

/** A kind of span below the requests of one cohort that the other does not have. */
export interface StructureChange {
  readonly kind: string
  readonly name: string
  /** `new`: only the canary has it; `missing`: only stable has it. */
  readonly change: 'new' | 'missing'
  /** Share of the traces with it, in the cohort that has it. */
  readonly share: number
  /** Logarithm of the e-value against chance. */
  readonly logE: number
}

/**
 * Spans that the canary's requests have and stable's never had, and the reverse: by the odds-ratio e-process inside ticks, both
 * ways for every kind of span, reported by e-BH over all of them at the policy's alpha. Based on the first requests of a
 * comparison; null if these were not examined.
 */
export function structureOf({ structure }: Pick<Facts, 'structure'>, policy: Policy): StructureChange[] | null {
  if (!structure) return null
  const ticksOf = new Map<string, SpanTick[]>()
  for (const one of structure) {
    const key = `${one.kind} ${one.name}`
    ticksOf.set(key, [...(ticksOf.get(key) ?? []), one])
  }
  const changes = [...ticksOf.values()].flatMap((ticks) => [changeOf(ticks, 'new'), changeOf(ticks, 'missing')])
  const reported = eBenjaminiHochberg(
    changes.map(({ logE }) => logE),
    policy.alpha,
  )
  return changes
    .filter(({ absent }, at) => absent && reported[at])
    .map(({ kind, name, change, share, logE }) => ({ kind, name, change, share: rounded(share), logE: rounded(logE) }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.kind < b.kind ? -1 : 1))
}

const shownChanges = 3

/** One reason for new spans, and one for missing spans. */
export function structureReasons(changes: readonly StructureChange[] | null): Reason[] {
  return (['new', 'missing'] as const).flatMap((change): Reason[] => {
    const some = (changes ?? []).filter((one) => one.change === change)
    if (some.length === 0) return []
    const named = some
      .slice(0, shownChanges)
      .map(({ kind, name, share }) => `${kind} ${name} (in ${percent(share)} of requests)`)
    const more = some.length > named.length ? ` and ${some.length - named.length} more` : ''
    const message =
      change === 'new'
        ? `Requests of canary have spans below them that stable's never have: ${named.join(', ')}${more}.`
        : `Requests of canary lack spans below them that stable's have: ${named.join(', ')}${more}.`
    return [{ code: 'structure-differs', weight: 'note', message }]
  })
}

interface Change extends StructureChange {
  /** Whether the other cohort never has it. */
  readonly absent: boolean
}

function changeOf(ticks: readonly SpanTick[], change: StructureChange['change']): Change {
  const [has, lacks] = change === 'new' ? (['canary', 'stable'] as const) : (['stable', 'canary'] as const)
  const process = oddsRatioProcess({ alternative: 'greater', oddsRatio: 1 })
  for (const one of [...ticks].sort((a, b) => a.tick - b.tick)) process.add({ stable: one[lacks], canary: one[has] })
  const total = (arm: 'stable' | 'canary', what: 'n' | 'events'): number =>
    ticks.reduce((sum, one) => sum + one[arm][what], 0)
  const { kind, name } = ticks[0]!
  const share = total(has, 'events') / Math.max(1, total(has, 'n'))
  return { kind, name, change, share, logE: process.logE, absent: total(lacks, 'events') === 0 }
}
