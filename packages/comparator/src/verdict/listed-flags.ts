import type { CohortFacts } from '../facts.ts'

/** How many flag shares a verdict lists per cohort. */
const mostShares = 200

/** A cohort with the shares of the flags that it evaluated most, and the number of flags left out. */
export function withListedFlags(cohort: CohortFacts): CohortFacts {
  const { flags, flagsLeftOut = 0 } = cohort
  if (flags.length <= mostShares) return cohort
  const requests = new Map<string, { sum: number; shares: number }>()
  for (const share of flags) {
    const { sum, shares } = requests.get(share.flag) ?? { sum: 0, shares: 0 }
    requests.set(share.flag, { sum: sum + share.requests, shares: shares + 1 })
  }
  const listed = new Set<string>()
  let room = mostShares
  for (const [flag, { shares }] of [...requests].sort(([a, x], [b, y]) => y.sum - x.sum || (a < b ? -1 : 1))) {
    room -= shares
    if (room < 0) break
    listed.add(flag)
  }
  return {
    ...cohort,
    flags: flags.filter(({ flag }) => listed.has(flag)),
    flagsLeftOut: flagsLeftOut + requests.size - listed.size,
  }
}
