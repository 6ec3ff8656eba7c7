import type { CohortFacts, FlagDifference, FlagShare, VariantShare } from './verdict.ts'

/** Flags that most requests of one cohort met in another variant than most of the other cohort's, in these operations. */
export function flagDifferences(
  stable: CohortFacts,
  canary: CohortFacts,
  inScope: (operation: string) => boolean,
): FlagDifference[] {
  const ofStable = mainVariants(stable.flags, inScope)
  const ofCanary = mainVariants(canary.flags, inScope)
  return [...new Set([...ofStable.keys(), ...ofCanary.keys()])]
    .sort()
    .map((flag) => ({ flag, stable: ofStable.get(flag) ?? null, canary: ofCanary.get(flag) ?? null }))
    .filter((one) => one.stable?.variant !== one.canary?.variant)
}

function mainVariants(
  shares: readonly FlagShare[],
  inScope: (operation: string) => boolean,
): Map<string, VariantShare> {
  const counts = new Map<string, Map<string, number>>()
  for (const { operation, flag, variant, requests } of shares) {
    if (!inScope(operation)) continue
    const variants = counts.get(flag) ?? new Map<string, number>()
    counts.set(flag, variants.set(variant, (variants.get(variant) ?? 0) + requests))
  }
  return new Map(
    [...counts].map(([flag, variants]) => {
      const all = [...variants.values()].reduce((sum, n) => sum + n, 0)
      const [variant, n] = [...variants].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]!
      return [flag, { variant, share: n / all }]
    }),
  )
}
