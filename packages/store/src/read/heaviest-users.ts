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

/** Which requests of the canary are looked through for users: those of an operation (all, when null) that are bad. */
export interface UsersAsked {
  readonly operation: string | null
  readonly bad: Bad
  /** A request that took longer is slow. */
  readonly slowFromSeconds: number
  /** How many users, the heaviest first. */
  readonly most: number
}

/** The users whose requests make up most of what is bad in the canary. */
export interface HeaviestUsers {
  /** How many of the canary's requests there were, and how many of them name a user. */
  readonly requests: number
  readonly named: number
  /** About how many users they name. One alone is no user: it is a proxy, or everybody. */
  readonly users: number
  readonly heaviest: readonly UserTicks[]
}

/** What one user did in the canary. */
export interface UserTicks {
  /** A hash of what names the user. */
  readonly user: string
  readonly requests: number
  readonly bad: number
  /** Tick by tick and operation by operation, reduced as ticks are. `tick` is milliseconds since 1970. */
  readonly ticks: readonly (Pick<Counts, 'traces' | 'errors' | 'clientErrors' | 'latency'> & {
    readonly tick: number
    readonly operation: string
  })[]
}

/**
 * Finds the users of the canary with the most bad requests. A request's user is the first of `user.id`, `enduser.id`,
 * `session.id` and `client.address` that its span has, or its resource. Null where no request of the window names a user.
 *
 * Throws a StoreError of kind `unavailable` when raw spans take too long.
 */
export async function heaviestUsersOf(
  engine: Engine,
  comparison: Comparison,
  { operation, bad, slowFromSeconds, most }: UsersAsked,
): Promise<HeaviestUsers | null> {
  const params = { service: comparison.service, ...spanParams(comparison) }
  const slowFrom = Math.round(slowFromSeconds * 1e9)
  const asked = { ...params, ...windowOf(comparison), operation: operation ?? '', bad, slowFrom, most }
  type Totals = Pick<HeaviestUsers, 'requests' | 'named' | 'users'>
  const [totals] = await engine.read<Totals>(usersNamed(params), asked)
  if (totals!.named === 0) return null
  const heaviest = await engine.read<Omit<UserTicks, 'ticks'>>(usersByBad(params), asked)
  const ticks = await ticksOfUsers(engine, comparison, { ...params, users: heaviest.map(({ user }) => user) })
  return { ...totals!, heaviest: heaviest.map((one) => ({ ...one, ticks: ticks.get(one.user) ?? [] })) }
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
      Test, Duration, IsError, IsClientError
    FROM ${requests}
    WHERE Service = {service:String}
      AND ${spansOfWindow}
      AND ${closedOnly}
      AND ${ofAudience}
      AND IsCanary
      AND {operation:String} IN ('', if({traffic:String} = 'all' AND Test, concat(Name, ' (test)'), Name))`.trim()

/** How many of the canary's requests name a user, and about how many users there are. */
export const usersNamed: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT count() AS requests, countIf(User != '') AS named, uniqIf(User, User != '') AS users
  FROM (
    ${requestsOfCanary(cohorts)}
  )
  SETTINGS max_execution_time = 10`,
)

/** Users by how many of their requests were bad, most first. */
export const usersByBad: SpanStatement = spanStatement(
  (cohorts) => sql`
  SELECT
    toString(sipHash64(User)) AS user,
    count() AS requests,
    countIf(multiIf({bad:String} = 'slow', Duration > {slowFrom:UInt64}, {bad:String} = 'failed', IsError, IsClientError))
      AS bad
  FROM (
    ${requestsOfCanary(cohorts)}
  )
  WHERE User != ''
  GROUP BY user
  HAVING bad > 0
  ORDER BY bad DESC, requests DESC, user
  LIMIT {most:UInt32}
  SETTINGS max_execution_time = 10`,
)

/** What some users did in the canary. */
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
