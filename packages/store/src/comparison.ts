import { type Condition, flagOf, isAboutTests, parseSelector } from './selector.ts'

/** Whose requests are compared: those of users, of tests alone, or both, each operation apart by which of them it was. */
export type Traffic = 'users' | 'test' | 'all'

/** Which side of a service is compared: the requests that it answers, or the calls that it makes to databases and other services. */
export type ComparedSide = 'requests' | 'calls'

/** Two cohorts of a service's requests, by selectors, within a window of milliseconds since 1970 (all, when left out). */
export interface Comparison {
  readonly service: string
  readonly stable: string
  readonly canary: string
  /** Users, unless told otherwise; a selector that names marks of tests has its tests in any case. */
  readonly traffic?: Traffic | undefined
  /** Only requests of these audiences; of every one, when empty or left out. */
  readonly audience?: readonly string[] | undefined
  /** Requests, unless told otherwise. */
  readonly side?: ComparedSide | undefined
  /** Raw spans answer, where closed ticks could as well; for who may not read these. */
  readonly fromSpans?: boolean
  /** What raw spans answer is kept, so that they are read once. */
  readonly remembers?: boolean
  /** Only ticks of these operations are read; of every one, when left out. Facts are of all operations. */
  readonly operations?: readonly string[] | undefined
  /** Only ticks that begin at or after it are read. */
  readonly start?: number | undefined
  /** Only ticks that end at or before it are read. */
  readonly end?: number | undefined
}

/** Closed ticks answer a comparison of every audience by build and at most one flag; any other is reduced from raw spans. */
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

/** What statements over raw spans are told of both cohorts: the keys of their selectors, and the value of each that a cohort wants; '' asks nothing. */
export interface SpanParams {
  readonly keys: readonly string[]
  readonly fromResource: readonly number[]
  readonly stableValues: readonly string[]
  readonly canaryValues: readonly string[]
  /** Whether a cohort has every value but the one that is named. */
  readonly stableNegated: readonly number[]
  readonly canaryNegated: readonly number[]
  /** Whether a cohort is chosen by marks of test traffic; test traffic is in no other. */
  readonly stableTests: boolean
  readonly canaryTests: boolean
  readonly traffic: Traffic
  readonly audience: readonly string[]
  /** Whether calls are compared, or requests. */
  readonly calls: boolean
  /** Each key by its place, from 1 on, and what stable and the canary want of it where they want something. */
  readonly [place: `${'key' | Cohort}${number}`]: string
}

type Cohort = 'stable' | 'canary'

/** What the statements need to know of the cohorts. */
export type Cohorts =
  | { readonly source: 'ticks'; readonly params: TickParams }
  | { readonly source: 'spans'; readonly params: SpanParams }

/** What chooses the requests of a comparison. */
export type Chosen = Pick<Comparison, 'stable' | 'canary' | 'traffic' | 'audience' | 'side' | 'fromSpans'>

/** Says of a comparison how the store that is asked may be read: whether it has closed ticks, and whether it remembers. */
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
  // The same value under every key: both cohorts are one, which only the reduction of raw spans can count as overlap.
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

/** The builds that both cohorts name, whatever answers the comparison; undefined where one of them names none. */
export function buildsOf({
  stable,
  canary,
}: Pick<Chosen, 'stable' | 'canary'>): { readonly stable: string; readonly canary: string } | undefined {
  const [ofStable, ofCanary] = [stable, canary].map((selector) => parseSelector(selector).find(isBuild)?.value)
  return ofStable && ofCanary ? { stable: ofStable, canary: ofCanary } : undefined
}

/** Whether builds, and nothing else, tell the cohorts apart. */
export function isByBuildAlone(chosen: Chosen): boolean {
  const params = tickParams(chosen)
  return params?.byBuild === true && params.flagKey === ''
}

/** What statements over raw spans are told of both cohorts, which can answer every comparison. */
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
