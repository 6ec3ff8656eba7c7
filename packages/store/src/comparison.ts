import { type Condition, flagOf, isAboutTests, parseSelector } from './selector.ts'

/** Whose requests to compare: users' only, tests' only, or both, with separate operations for each. */
export type Traffic = 'users' | 'test' | 'all'

/** Which side of a service to compare: the requests it answers, or the calls it makes to databases and other services. */
export type ComparedSide = 'requests' | 'calls'

/** Two cohorts of a service's requests, given by selectors, within a window in milliseconds since 1970 (default: everything). */
export interface Comparison {
  readonly service: string
  readonly stable: string
  readonly canary: string
  /** Default: users. A selector that names test marks always selects its tests. */
  readonly traffic?: Traffic | undefined
  /** Only requests of these audiences; empty or omitted means all. */
  readonly audience?: readonly string[] | undefined
  /** Default: requests. */
  readonly side?: ComparedSide | undefined
  /** Use raw spans even where closed ticks could answer, for users who may not read closed ticks. */
  readonly fromSpans?: boolean
  /** Store the results from raw spans, so that these are read only once. */
  readonly remembers?: boolean
  /** Read only ticks of these operations (default: all). Facts always cover all operations. */
  readonly operations?: readonly string[] | undefined
  /** Read only ticks that begin at or after this time. */
  readonly start?: number | undefined
  /** Read only ticks that end at or before this time. */
  readonly end?: number | undefined
}

/** Closed ticks answer comparisons of all audiences by build, by one flag, or by both; all others are reduced from raw spans. */
export type Source = 'ticks' | 'spans'

interface TickParams {
  readonly flagKey: string
  readonly byBuild: boolean
  readonly stableBuild: string
  readonly canaryBuild: string
  readonly stableVariant: string
  readonly canaryVariant: string
  readonly traffic: Traffic
}

/**
 * Parameters of statements over raw spans: the keys of both selectors, and the value that each cohort requires of each key;
 * '' means any.
 */
export interface SpanParams {
  readonly keys: readonly string[]
  readonly fromResource: readonly number[]
  readonly stableValues: readonly string[]
  readonly canaryValues: readonly string[]
  /** Whether a cohort has every value except the named one. */
  readonly stableNegated: readonly number[]
  readonly canaryNegated: readonly number[]
  /** Whether a cohort consists of test traffic; other cohorts contain none. */
  readonly stableTests: boolean
  readonly canaryTests: boolean
  readonly traffic: Traffic
  readonly audience: readonly string[]
  /** Whether calls are compared, or requests. */
  readonly calls: boolean
  /** Each key by its position, from 1, and the value that stable or the canary requires of it, if any. */
  readonly [place: `${'key' | Cohort}${number}`]: string
}

type Cohort = 'stable' | 'canary'

/** Where a comparison is answered from, and the parameters that the statements need. */
export type Cohorts =
  | { readonly source: 'ticks'; readonly params: TickParams }
  | { readonly source: 'spans'; readonly params: SpanParams }

/** The part of a comparison that selects its requests. */
export type Chosen = Pick<Comparison, 'stable' | 'canary' | 'traffic' | 'audience' | 'side' | 'fromSpans'>

/** Adds to a comparison how the store can be read: whether it has closed ticks, and whether it stores results. */
export type AsRead = <Asked extends Chosen>(asked: Asked) => Asked

/** Reads both selectors of a comparison and decides where its answer comes from. */
export function cohortsOf(chosen: Chosen): Cohorts {
  const params = chosen.fromSpans ? undefined : tickParams(chosen)
  return params ? { source: 'ticks', params } : { source: 'spans', params: spanParams(chosen) }
}

function tickParams({ traffic = 'users', audience = [], side, ...selectors }: Chosen): TickParams | undefined {
  const stable = parseSelector(selectors.stable)
  const canary = parseSelector(selectors.canary)
  if (audience.length > 0 || side === 'calls') return undefined
  const flag = stable.find((condition) => flagOf(condition) !== undefined)
  const byBuild = stable.some(isBuild)
  if (stable.length !== Number(byBuild) + Number(flag !== undefined)) return undefined
  if (canary.length !== stable.length || !stable.every(({ key }) => canary.some((other) => other.key === key)))
    return undefined
  if (canary.some(({ from, negated }) => from === 'resource' || negated)) return undefined
  // Both cohorts are the same; only the reduction of raw spans can count that as overlap.
  if (stable.every(({ key, value }) => wantedOf(canary, key) === value)) return undefined
  const valueAt = (conditions: readonly Condition[], key: string | undefined) =>
    key === undefined ? '' : wantedOf(conditions, key)
  const buildKey = byBuild ? buildAttribute : undefined
  return {
    flagKey: flag ? flagOf(flag)! : '',
    byBuild,
    stableBuild: valueAt(stable, buildKey),
    canaryBuild: valueAt(canary, buildKey),
    stableVariant: valueAt(stable, flag?.key),
    canaryVariant: valueAt(canary, flag?.key),
    traffic,
  }
}

/** The builds that the cohorts name, whatever answers the comparison; undefined if one of them names no build. */
export function buildsOf({
  stable,
  canary,
}: Pick<Chosen, 'stable' | 'canary'>): { readonly stable: string; readonly canary: string } | undefined {
  const [ofStable, ofCanary] = [stable, canary].map((selector) => parseSelector(selector).find(isBuild)?.value)
  return ofStable && ofCanary ? { stable: ofStable, canary: ofCanary } : undefined
}

/** Whether the cohorts differ by build alone. */
export function isByBuildAlone(chosen: Chosen): boolean {
  const params = tickParams(chosen)
  return params?.byBuild === true && params.flagKey === ''
}

/** The parameters of statements over raw spans, which can answer every comparison. */
export function spanParams({ traffic = 'users', audience = [], side, ...selectors }: Chosen): SpanParams {
  const stable = parseSelector(selectors.stable)
  const canary = parseSelector(selectors.canary)
  const wanted = [...stable, ...canary]
  const keys = wanted.filter(
    (condition, index) =>
      index === wanted.findIndex(({ from, key }) => from === condition.from && key === condition.key),
  )
  const each = <T>(conditions: readonly Condition[], tell: (condition: Condition | undefined) => T): T[] =>
    keys.map(({ from, key }) => tell(conditions.find((other) => other.from === from && other.key === key)))
  const valuesIn = (conditions: readonly Condition[]) => each(conditions, (condition) => condition?.value ?? '')
  const negatedIn = (conditions: readonly Condition[]) => each(conditions, (condition) => Number(!!condition?.negated))
  return {
    keys: keys.map(({ key }) => key),
    fromResource: keys.map(({ from }) => Number(from === 'resource')),
    stableValues: valuesIn(stable),
    canaryValues: valuesIn(canary),
    stableNegated: negatedIn(stable),
    canaryNegated: negatedIn(canary),
    stableTests: traffic === 'test' || stable.some(isAboutTests),
    canaryTests: traffic === 'test' || canary.some(isAboutTests),
    traffic,
    audience,
    calls: side === 'calls',
    ...placesOf(
      'key',
      keys.map(({ key }) => key),
    ),
    ...placesOf('stable', valuesIn(stable)),
    ...placesOf('canary', valuesIn(canary)),
  }
}

function placesOf<Name extends 'key' | Cohort>(
  name: Name,
  values: readonly string[],
): Readonly<Record<`${Name}${number}`, string>> {
  const places = values.map((value, at) => [`${name}${at + 1}`, value] as const).filter(([, value]) => value !== '')
  return Object.fromEntries(places) as Record<`${Name}${number}`, string>
}

const buildAttribute = 'service.version'

const isBuild = ({ from, key, negated }: Condition): boolean => from === 'span' && key === buildAttribute && !negated

const wantedOf = (conditions: readonly Condition[], key: string): string =>
  conditions.find((condition) => condition.key === key)?.value ?? ''
