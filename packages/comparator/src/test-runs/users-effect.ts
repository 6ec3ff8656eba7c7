import type { ServiceUsers, UsersEffect, UsersOutcome } from './answers.ts'
import { blockMs } from './users-block.ts'

/** When a run was, and what it was matched with: milliseconds since 1970. */
export interface MatchedTimes {
  readonly duringMs: readonly [from: number, to: number]
  readonly matchedMs: readonly [from: number, to: number]
  /** When each block without the run begins. */
  readonly without: ReadonlySet<number>
  /** Of all services together. */
  readonly falseAlarmRate: number
}

const outcomes: readonly UsersOutcome[] = ['hurt', 'inconclusive', 'unharmed']

/**
 * What a run did to users, from what `effectOnService` found of each service that it touched: it hurt them where it hurt those of one
 * service, and did not where it hurt those of none.
 *
 * @example usersEffect([effectOnService(around, levels)], times).outcome // 'hurt'
 */
export function usersEffect(
  services: readonly ServiceUsers[],
  { duringMs: [from, to], matchedMs, without, falseAlarmRate }: MatchedTimes,
): UsersEffect {
  const found = services.toSorted((a, b) => outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome))
  const worst = found[0]
  return {
    outcome: worst?.outcome ?? 'inconclusive',
    message: worst ? messageOf(worst, found) : 'no users were seen of the services that it touched',
    during: { from: iso(from), to: iso(to) },
    matched: {
      from: iso(matchedMs[0]),
      to: iso(matchedMs[1]),
      blockSeconds: blockMs / 1000,
      before: [...without].filter((at) => at < from).length,
      after: [...without].filter((at) => at >= from).length,
    },
    falseAlarmRate,
    services: found,
  }
}

function messageOf(worst: ServiceUsers, all: readonly ServiceUsers[]): string {
  const same = all.filter(({ outcome }) => outcome === worst.outcome).length
  const others = same > 1 && worst.outcome === 'hurt' ? `; and ${same - 1} more of its services` : ''
  return all.length === 1 || worst.outcome === 'unharmed'
    ? worst.message
    : `${worst.service}: ${worst.message}${others}`
}

const iso = (ms: number): string => new Date(ms).toISOString()
