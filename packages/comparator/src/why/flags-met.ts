import type { FlagShare } from '../facts.ts'
import type { MetricPolicy } from '../policy/metric-policy.ts'
import type { Policy } from '../policy/policy.ts'

/** How many flags to examine besides those that the request names: the ones with the most traffic. */
export const mostFlags = 5

/** How many requests per cohort a variant needs to count. */
export const enoughRequests = 100

/** The number of requests of one cohort that met a variant at an operation. */
export interface CohortFlagShare extends FlagShare {
  readonly cohort: 'stable' | 'canary'
}

/** A flag that requests met, with the requests of each cohort per variant. */
export interface MetFlag {
  readonly flag: string
  /** Requests of both cohorts, over all variants. */
  readonly requests: number
  readonly variants: ReadonlyMap<string, { readonly stable: number; readonly canary: number }>
}

/**
 * Which variants of a flag a comparison can tell apart. `vary`: both cohorts met both, stable's first; `apart`: each
 * cohort met a different one; `alike`: neither, so the flag explains nothing.
 */
export type Split =
  | { readonly kind: 'vary' | 'apart'; readonly variants: readonly [string, string] }
  | { readonly kind: 'alike' }

/**
 * The policy reduced to this metric, deciding, with the claim that it is no worse than its margin.
 *
 * @example onlyMetric(defaultPolicy, 'latency').metrics.length // 1
 */
export function onlyMetric(policy: Policy, metric: string): Policy {
  const metrics = policy.metrics
    .filter(({ name }) => name === metric)
    .map((one): MetricPolicy => ({ ...one, expect: 'no-worse', gate: 'on' }))
  return { ...policy, metrics }
}

/**
 * The flags that requests met, those with the most requests first.
 *
 * @param compared flags that define the cohorts; they are left out, and so is the variant `(mixed)`.
 * @example metFlags([{ cohort: 'stable', operation: 'GET /', flag: 'new', variant: 'on', requests: 10 }], [])[0].requests // 10
 */
export function metFlags(shares: readonly CohortFlagShare[], compared: readonly string[]): MetFlag[] {
  const flags = new Map<string, Map<string, { stable: number; canary: number }>>()
  for (const { flag, variant, cohort, requests } of shares) {
    if (compared.includes(flag) || variant === '(mixed)') continue
    const variants = flags.get(flag) ?? new Map<string, { stable: number; canary: number }>()
    const counts = variants.get(variant) ?? { stable: 0, canary: 0 }
    counts[cohort] += requests
    flags.set(flag, variants.set(variant, counts))
  }
  return [...flags]
    .map(([flag, variants]) => ({
      flag,
      variants,
      requests: [...variants.values()].reduce((sum, { stable, canary }) => sum + stable + canary, 0),
    }))
    .sort((a, b) => b.requests - a.requests || (a.flag < b.flag ? -1 : 1))
}

/**
 * Two variants that both cohorts met often enough, stable's first; or one variant for each cohort.
 *
 * @example variantsOf(metFlags(shares, [])[0]) // { kind: 'vary', variants: ['off', 'on'] }
 */
export function variantsOf({ variants }: MetFlag): Split {
  const total = (cohort: 'stable' | 'canary'): number =>
    [...variants.values()].reduce((sum, counts) => sum + counts[cohort], 0)
  const lean = (variant: string): number => {
    const { stable, canary } = variants.get(variant)!
    return canary / Math.max(1, total('canary')) - stable / Math.max(1, total('stable'))
  }
  const both = [...variants]
    .filter(([, { stable, canary }]) => Math.min(stable, canary) >= enoughRequests)
    .sort(([a, x], [b, y]) => y.stable + y.canary - x.stable - x.canary || (a < b ? -1 : 1))
    .slice(0, 2)
    .map(([variant]) => variant)
    .sort((a, b) => lean(a) - lean(b) || (a < b ? -1 : 1))
  if (both.length === 2) return { kind: 'vary', variants: both as [string, string] }
  const own = (cohort: 'stable' | 'canary'): string | undefined =>
    [...variants].find(([, counts]) => counts[cohort] >= 0.99 * total(cohort) && counts[cohort] >= enoughRequests)?.[0]
  const [stable, canary] = [own('stable'), own('canary')]
  if (stable === undefined || canary === undefined || stable === canary) return { kind: 'alike' }
  return { kind: 'apart', variants: [stable, canary] }
}
