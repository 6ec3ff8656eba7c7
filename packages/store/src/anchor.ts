import { type Chosen, type Comparison, cohortsOf } from './cohorts.ts'
import type { Engine } from './engine/engine.ts'
import { comparisonStart, rememberComparison } from './queries/comparisons.ts'
import { rawFirst } from './queries/raw-ticks.ts'
import { tickFirst } from './queries/ticks.ts'
import { formatSelector, parseSelector } from './selector.ts'

/**
 * The start of a comparison, in milliseconds since 1970: the tick of the canary's first request. It is remembered at the
 * first look that finds one and never moves, so that looking again is the same test; where nothing can be remembered it is
 * found again at each. Undefined while the canary has no request in a closed tick.
 */
export async function anchor(
  engine: Engine,
  comparison: Pick<Comparison, 'service' | keyof Chosen>,
  remembers = true,
): Promise<number | undefined> {
  const { service } = comparison
  const names = comparisonNames(comparison)
  const [known] = await engine.read<{ start: number; looks: number }>(comparisonStart, names)
  if (known!.looks > 0) return known!.start * 1000
  const cohorts = cohortsOf(comparison)
  const statement = cohorts.source === 'ticks' ? tickFirst : rawFirst
  const [first] = await engine.read<{ found: number; tick: number }>(statement, {
    service,
    from: 0,
    ...cohorts.params,
  })
  if (first!.found === 0) return undefined
  if (remembers) await engine.write(rememberComparison, { ...names, start: first!.tick })
  return first!.tick * 1000
}

/** What a comparison is remembered by. */
export function comparisonNames(comparison: Pick<Comparison, 'service' | keyof Chosen>): {
  readonly service: string
  readonly stable: string
  readonly canary: string
} {
  const { service, traffic = 'users', audience = [], scope = 'requests' } = comparison
  const among = [
    ...(traffic === 'users' ? [] : [`traffic=${traffic}`]),
    ...(scope === 'requests' ? [] : [`scope=${scope}`]),
    ...(audience.length === 0 ? [] : [`audience=${audience.toSorted().map(encodeURIComponent).join('%2C')}`]),
  ]
  const nameOf = (selector: string): string => [nameOfSelector(selector), ...among].join(',')
  return { service, stable: nameOf(comparison.stable), canary: nameOf(comparison.canary) }
}

// However its parts are ordered, a selector is the same comparison.
const nameOfSelector = (selector: string): string =>
  formatSelector(parseSelector(selector).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)))
