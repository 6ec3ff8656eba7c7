import type { FlagMinute } from '@coalmine/store'

/** The variants of a service's users that tell what a turn of a flag did, or how else that can be told. */
export type FlagArms =
  | { readonly kind: 'variants'; readonly service: string; readonly stable: string; readonly canary: string }
  | { readonly kind: 'minutes-before'; readonly service: string; readonly stable: string; readonly canary: string }

const fewest = 20
/** A variant with less of the requests is what caches and tests by hand are served. */
const leastShare = 0.005
const minuteMs = 60_000

/**
 * In each service that met a flag after it was turned: the variant that more users get since, against the one that most others get at
 * the same time; where nobody gets another, against the one that they got before. Nothing for a service where every user got, and
 * gets, one and the same. The services with most requests first.
 */
export function flagArms(minutes: readonly FlagMinute[], atMs: number): readonly FlagArms[] {
  const services = [...new Set(minutes.map(({ service }) => service))]
  const found = services.map((service) => {
    const own = minutes.filter((one) => one.service === service)
    // Requests of the minute in which it was turned may have met either variant.
    const before = sharesOf(own.filter((one) => one.minuteMs + minuteMs <= atMs))
    const after = sharesOf(own.filter((one) => one.minuteMs >= atMs))
    return { requests: after.requests, arms: armsOf(service, before, after) }
  })
  return found.toSorted((a, b) => b.requests - a.requests).flatMap(({ arms }) => (arms === undefined ? [] : [arms]))
}

interface Shares {
  readonly requests: number
  /** Of the variants that count: largest first. */
  readonly of: ReadonlyMap<string, number>
}

function sharesOf(minutes: readonly FlagMinute[]): Shares {
  const counts = new Map<string, number>()
  for (const { variant, requests } of minutes) counts.set(variant, (counts.get(variant) ?? 0) + Number(requests))
  const requests = [...counts.values()].reduce((sum, one) => sum + one, 0)
  const real = [...counts].filter(([variant, n]) => variant !== '(mixed)' && n >= fewest && n / requests >= leastShare)
  return { requests, of: new Map(real.sort(([, a], [, b]) => b - a).map(([variant, n]) => [variant, n / requests])) }
}

function armsOf(service: string, before: Shares, after: Shares): FlagArms | undefined {
  const grown = [...after.of].sort(
    ([a, shareA], [b, shareB]) => shareB - (before.of.get(b) ?? 0) - (shareA - (before.of.get(a) ?? 0)),
  )
  const [canary, share] = grown[0] ?? []
  if (canary === undefined || share === undefined || !hasMoved(before, after, canary, share)) return undefined
  const stable = [...after.of.keys()].find((variant) => variant !== canary)
  if (stable !== undefined) return { kind: 'variants', service, stable, canary }
  const was = [...before.of.keys()].find((variant) => variant !== canary)
  return was === undefined ? undefined : { kind: 'minutes-before', service, stable: was, canary }
}

/** Whether a share is another one than before, by half a point and more than chance alone would make it. */
function hasMoved(before: Shares, after: Shares, variant: string, share: number): boolean {
  if (before.requests < fewest) return true
  const was = before.of.get(variant) ?? 0
  const pooled = (was * before.requests + share * after.requests) / (before.requests + after.requests)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / before.requests + 1 / after.requests))
  return share - was > leastShare + 3 * error
}
