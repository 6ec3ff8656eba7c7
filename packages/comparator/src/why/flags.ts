import type { CohortFacts, FlagShare } from '../facts.ts'
import type { FlagDifference, VariantShare } from '../finding.ts'

/** Minimum difference in a variant's share for a flag to tell the cohorts apart. */
const apart = 0.1
/** And minimum difference in standard errors, since which of two even variants is ahead is chance. */
const apartErrors = 4

/** Flags whose most frequent variant differs between the cohorts in these operations. */
export function flagDifferences(
  stable: CohortFacts,
  canary: CohortFacts,
  inScope: (operation: string) => boolean,
): FlagDifference[] {
  const ofStable = variantsMet(stable.flags, inScope)
  const ofCanary = variantsMet(canary.flags, inScope)
  return [...new Set([...ofStable.keys(), ...ofCanary.keys()])].sort().flatMap((flag) => {
    const [before, after] = [ofStable.get(flag), ofCanary.get(flag)]
    if (before && after && !differ(before, after)) return []
    return [{ flag, stable: before ? mainVariant(before) : null, canary: after ? mainVariant(after) : null }]
  })
}

type Variants = ReadonlyMap<string, number>

function differ(stable: Variants, canary: Variants): boolean {
  const { variant, share } = mainVariant(canary)
  if (mainVariant(stable).variant === variant) return false
  const [n, m] = [total(stable), total(canary)]
  const difference = share - (stable.get(variant) ?? 0) / n
  return difference > Math.max(apart, apartErrors * 0.5 * Math.sqrt(1 / n + 1 / m))
}

function mainVariant(variants: Variants): VariantShare {
  const [variant, n] = [...variants].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]!
  return { variant, share: n / total(variants) }
}

function total(variants: Variants): number {
  return [...variants.values()].reduce((sum, n) => sum + n, 0)
}

function variantsMet(shares: readonly FlagShare[], inScope: (operation: string) => boolean): Map<string, Variants> {
  const counts = new Map<string, Map<string, number>>()
  for (const { operation, flag, variant, requests } of shares) {
    if (!inScope(operation)) continue
    const variants = counts.get(flag) ?? new Map<string, number>()
    counts.set(flag, variants.set(variant, (variants.get(variant) ?? 0) + requests))
  }
  return counts
}
