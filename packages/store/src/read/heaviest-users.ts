import { type CohortTexts, type SpanStatement, spanStatement } from '../cohort-texts.ts'
import { type Comparison, type SpanParams, spanParams } from '../comparison.ts'
import {
  closedOnly,
  ofAudience,
  operationName,
  spansOfWindow,
  unitCohort,
  unitOperation,
  userName,
} from '../conditions.ts'
import type { Engine } from '../engine/engine.ts'
import { getOrMake } from '../get-or-make.ts'
import { sql } from '../sql.ts'
import { windowOf } from '../tick.ts'
import { type Counts, countsOf } from './counts.ts'
import { newPatience, portionsOf, unitsOf } from './raw-ticks.ts'
import type { Bad } from './suspects.ts'
import { noWarmUp } from './warm-up.ts'

/** Which of the canary's requests to search for users: the bad ones of an operation (null: all). */
export interface UsersAsked {
  readonly operation: string | null
  readonly bad: Bad
  /** Requests that take longer are slow. */
  readonly slowFromSeconds: number
}

/** The users with the most bad requests in the canary. */
export interface HeaviestUsers {
  /** The canary's requests, and how many of them name a user. */
  readonly requests: number
  readonly named: number
  /** Approximate number of users they name. A single one is not a real user but a proxy, or everybody. */
  readonly users: number
  readonly heaviest: readonly UserTicks[]
}

/** One user's requests to the canary. */
export interface UserTicks {
  /** A hash of the value that names the user. */
  readonly user: string
  readonly requests: number
  readonly bad: number
  /** Counts per tick and operation, reduced as ticks are. `tick` is milliseconds since 1970. */
  readonly ticks: readonly (Pick<Counts, 'traces' | 'errors' | 'clientErrors' | 'latency'> & {
    readonly tick: number
    readonly operation: string
  })[]
}

/**
 * Finds the canary's users with the most bad requests, for each requested kind, heaviest first. A request's user is the
 * first of `user.id`, `enduser.id`, `session.id` and `client.address` on its span or its resource. Null if no request of a
 * kind names a user.
 *
 * Throws a StoreError of kind `unavailable` when raw spans take too long.
 */
export async function heaviestUsersOf(
  engine: Engine,
  comparison: Comparison,
  kinds: readonly UsersAsked[],
  most: number,
): Promise<readonly (HeaviestUsers | null)[]> {
  const params = { service: comparison.service, ...spanParams(comparison) }
  const asked = {
    ...params,
    ...windowOf(comparison),
    operations: kinds.map(({ operation }) => operation ?? ''),
    bads: kinds.map(({ bad }) => bad),
    slowFroms: kinds.map(({ slowFromSeconds }) => Math.round(slowFromSeconds * 1e9)),
    most,
  }
  type Totals = Pick<HeaviestUsers, 'requests' | 'named' | 'users'>
  const totals = await engine.read<OfKind & Totals>(usersNamed(params), asked)
  if (totals.every(({ named }) => named === 0)) return kinds.map(() => null)
  const heaviest = await engine.read<OfKind & Omit<UserTicks, 'ticks'>>(usersByBad(params), asked)
  const users = [...new Set(heaviest.map(({ user }) => user))]
  const ticks = await ticksOfUsers(engine, comparison, { ...params, users })
  return kinds.map((_, at) => {
    const { kind, ...all } = totals.find((one) => one.kind === at + 1) ?? { kind: at + 1, named: 0 }
    if (!('users' in all) || all.named === 0) return null
    const found = heaviest.flatMap(({ kind, ...one }) => (kind === at + 1 ? [one] : []))
    return { ...all, heaviest: found.map((one) => ({ ...one, ticks: ticks.get(one.user) ?? [] })) }
  })
}

/** The position of the requested kind, from 1. */
interface OfKind {
  readonly kind: number
}

async function ticksOfUsers(
  engine: Engine,
  comparison: Comparison,
  params: SpanParams & { readonly service: string; readonly users: readonly string[] },
): Promise<ReadonlyMap<string, UserTicks['ticks']>> {
  interface Row {
    readonly user: string
    readonly tick: number
    readonly operation: string
    readonly traces: number
    readonly errors: number
    readonly clientErrors: number
    readonly buckets: readonly number[]
    readonly counts: readonly number[]
  }
  const found = new Map<string, UserTicks['ticks'][number][]>()
  const stillPatient = newPatience(comparison, 'name a shorter window, as with --since 10m')
  for await (const portion of portionsOf(engine, comparison)) {
    stillPatient()
    for (const row of await engine.read<Row>(rawUserTicks(params), { ...params, ...noWarmUp, ...portion })) {
      const { traces, errors, clientErrors, latency } = countsOf({
        ...row,
        requests: 0,
        warmUp: 0,
        errorTypes: {},
        clientCodes: {},
        innerErrors: 0,
      })
      const { tick, operation } = row
      getOrMake(found, row.user, () => []).push({ tick: tick * 1000, operation, traces, errors, clientErrors, latency })
    }
  }
  return found
}

const requestsOfCanary = ({ spanInCanary, requests }: CohortTexts): string =>
  sql`
    SELECT
      ${spanInCanary} AS IsCanary,
      ${operationName} AS Name,
      ${userName} AS User,
      if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name) AS FullName,
      arrayFilter(
        (place, operation) -> operation = '' OR operation = FullName,
        arrayEnumerate({operations:Array(String)}), {operations:Array(String)}) AS Kinds,
      Duration, IsError, IsClientError
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
      AND IsCanary
      AND notEmpty(Kinds)`.trim()

/** For each kind, how many of the canary's requests name a user, and approximately how many users there are. */
export const usersNamed: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT kind, count() AS requests, countIf(User != '') AS named, uniqIf(User, User != '') AS users
  FROM (
    ${requestsOfCanary(cohorts)}
  )
  ARRAY JOIN Kinds AS kind
  GROUP BY kind
  SETTINGS max_execution_time = 10`,
)

/** Users by how many of their requests of each kind were bad, most first. */
export const usersByBad: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT
    kind,
    toString(sipHash64(User)) AS user,
    count() AS requests,
    countIf(multiIf(
      {bads:Array(String)}[kind] = 'slow', Duration > {slowFroms:Array(UInt64)}[kind],
      {bads:Array(String)}[kind] = 'failed', IsError,
      IsClientError)) AS bad
  FROM (
    ${requestsOfCanary(cohorts)}
  )
  ARRAY JOIN Kinds AS kind
  WHERE User != ''
  GROUP BY kind, user
  HAVING bad > 0
  ORDER BY kind, bad DESC, requests DESC, user
  LIMIT {most:UInt32} BY kind
  SETTINGS max_execution_time = 10`,
)

/** The requests of some users to the canary. */
export const rawUserTicks: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT
    UnitUser AS user,
    toUnixTimestamp(Tick) AS tick,
    ${unitOperation} AS operation,
    count() AS traces,
    countIf(UnitError) AS errors,
    countIf(UnitClientCode != 0) AS clientErrors,
    mapKeys(sumMap(map(UnitBucket, toUInt64(1))) AS Histogram) AS buckets,
    mapValues(Histogram) AS counts
  FROM (
    SELECT *, ${unitCohort} AS cohort
    FROM (
      ${unitsOf(cohorts, {
        ofSpan: `,\ntoString(sipHash64(${userName})) AS User`,
        ofUnit: ',\nmax(User) AS UnitUser',
        where: '\nAND has({users:Array(String)}, User)',
      })}
    )
  )
  WHERE cohort = 'canary' AND (NOT UnitTest OR {traffic:String} = 'all' OR {canaryTests:Bool})
  GROUP BY user, tick, operation
  ORDER BY tick, operation`,
)
