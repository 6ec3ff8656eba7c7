import type { Engine } from './engine/engine.ts'
import type { Access } from './opening.ts'
import { sql } from './sql.ts'

/**
 * One period of activity of a test run: the same run after half an hour of silence is a new entry. Times are milliseconds
 * since 1970.
 */
export interface TestRun {
  /** Empty for test requests that name no run. */
  readonly run: string
  /** When its first span began. */
  readonly startMs: number
  /** When its last span ended. */
  readonly lastMs: number
  /** The run's owner; empty if no marker names one. */
  readonly owner: string
  /** When the last of its markers expires; null if none has an expiry. */
  readonly expiresMs: number | null
  /** Entry spans: SERVER, CONSUMER or without a parent. */
  readonly requests: number
  readonly errors: number
  readonly spans: number
  /** Number of test entities, exact up to a few hundred. */
  readonly entities: number
  /** `key=variant`. */
  readonly flags: readonly string[]
  /** By service and operation, most requests first. */
  readonly operations: readonly RunOperation[]
  /** Write targets, most writes first. */
  readonly writes: readonly RunWrites[]
}

/** A run's requests to one operation. */
export interface RunOperation {
  readonly service: string
  readonly operation: string
  readonly requests: number
  readonly errors: number
}

/** A run's writes to one target. */
export interface RunWrites {
  readonly service: string
  /** A database, host and table, or a queue, as far as spans name them: `postgresql db-1/shop.test_orders`. */
  readonly target: string
  readonly writes: number
  /** Writes by users' requests of the same service to the same target in the same ticks; 0 if the run's data is isolated. */
  readonly usersWrites: number
}

/** Users' requests to one operation of a service in one block of time. */
export interface UsersBlock {
  readonly service: string
  readonly operation: string
  /** When the block begins, in milliseconds since 1970. */
  readonly fromMs: number
  readonly traces: number
  readonly errors: number
  readonly clientErrors: number
  /** Buckets of an exponential histogram of seconds, scale 5; -32768 holds durations of zero. */
  readonly buckets: readonly number[]
  readonly counts: readonly number[]
}

/** An event of a run, as stored. */
export interface RunEvent {
  readonly run: string
  /** When the run's period of activity began, in milliseconds since 1970. */
  readonly beganMs: number
  readonly kind: 'revoked' | 'judged'
  readonly atMs: number
  /** The whole event, as JSON. */
  readonly told: string
}

/** Test runs: what each did, what users' requests did meanwhile, and the events of each run. */
export interface TestRuns {
  /** Runs active since `sinceMs`, newest first, at most 200; only those named `run`, if given. */
  readonly list: (asked: { readonly sinceMs: number; readonly run?: string | undefined }) => Promise<readonly TestRun[]>
  /** Users' requests to some services, in blocks counted from `fromMs`. */
  readonly users: (asked: {
    readonly services: readonly string[]
    readonly fromMs: number
    readonly toMs: number
    readonly blockSeconds: number
  }) => Promise<readonly UsersBlock[]>
  /** The end of each service's last closed tick, in milliseconds since 1970; services without one since `sinceMs` are left out. */
  readonly closedUntil: (services: readonly string[], sinceMs: number) => Promise<ReadonlyMap<string, number>>
  /** Stores an event. Resolves to false if the store is read-only or its disk is full. */
  readonly keep: (event: RunEvent) => Promise<boolean>
  /** The events of runs that began at or after `sinceMs`. */
  readonly events: (sinceMs: number) => Promise<readonly RunEvent[]>
}

/** Reads and keeps test runs in an engine's store. */
export function testRunsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): TestRuns {
  // With access to spans alone there are no tables of ours.
  const none = access === 'spans'
  return {
    list: async ({ sinceMs, run }) => {
      if (none) return []
      const asked = { since: Math.floor(sinceMs / 1000), isNamed: run !== undefined, run: run ?? '' }
      const rows = await engine.read<Row>(listRuns, asked)
      if (rows.length === 0) return []
      const writes = await engine.read<WritesRow>(writesOfRuns, asked)
      return rows.map((row) => testRun(row, writes))
    },
    users: async ({ services, fromMs, toMs, blockSeconds }) => {
      if (none || services.length === 0) return []
      const rows = await engine.read<Omit<UsersBlock, 'fromMs'> & { from: number }>(usersBlocks, {
        services,
        from: Math.floor(fromMs / 1000),
        to: Math.floor(toMs / 1000),
        blockSeconds,
      })
      return rows.map(({ from, ...row }) => ({ ...row, fromMs: from * 1000 }))
    },
    closedUntil: async (services, sinceMs) => {
      if (none || services.length === 0) return new Map()
      const since = Math.floor(sinceMs / 1000)
      const rows = await engine.read<{ service: string; until: number }>(closedUntil, { services, since })
      return new Map(rows.map(({ service, until }) => [service, until * 1000]))
    },
    keep: async (event) => {
      if (access !== 'all' || isSpent()) return false
      await engine.write(keepRunEvent, { ...event })
      return true
    },
    events: async (sinceMs) => (none ? [] : engine.read<RunEvent>(runEvents, { sinceMs })),
  }
}

interface Row extends Omit<TestRun, 'operations' | 'writes' | 'expiresMs'> {
  readonly time: number
  readonly expires: string
  readonly operations: readonly (readonly [string, string, number, number])[]
}

interface WritesRow extends RunWrites {
  readonly run: string
  readonly time: number
}

function testRun({ time, expires, operations, ...row }: Row, writes: readonly WritesRow[]): TestRun {
  const expiresMs = Date.parse(expires)
  return {
    ...row,
    expiresMs: Number.isNaN(expiresMs) ? null : expiresMs,
    operations: operations.map(([service, operation, requests, errors]) => ({
      service,
      operation,
      requests: Number(requests),
      errors: Number(errors),
    })),
    writes: writes
      .filter((one) => one.run === row.run && one.time === time)
      .map(({ service, target, writes: n, usersWrites }) => ({ service, target, writes: n, usersWrites })),
  }
}

const asked = `Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
AND (NOT {isNamed:Bool} OR Run = {run:String})`

/**
 * The quarter-hours in which each run was active, with the number of its period of activity: half an hour of silence starts
 * the next one.
 */
const quartersOfRuns: string = sql`(
  SELECT
    Run,
    Quarter,
    sum(IsFirst) OVER (PARTITION BY Run ORDER BY Quarter ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Time
  FROM (
    SELECT
      Run,
      Quarter,
      toUnixTimestamp64Milli(First) - lagInFrame(toUnixTimestamp64Milli(Last), 1, toInt64(0))
        OVER (PARTITION BY Run ORDER BY Quarter ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) > 1800000 AS IsFirst
    FROM (
      SELECT Run, Quarter, min(FirstStart) AS First, max(LastEnd) AS Last
      FROM coalmine_runs
      WHERE Test AND ${asked}
      GROUP BY Run, Quarter
    )
  )
)`

/** What each run did, newest first. */
export const listRuns: string = sql`
  SELECT
    Run AS run,
    Time AS time,
    toUnixTimestamp64Milli(min(First)) AS startMs,
    toUnixTimestamp64Milli(max(Last)) AS lastMs,
    max(RunOwner) AS owner,
    max(RunExpires) AS expires,
    sum(Asked) AS requests,
    sum(Failed) AS errors,
    sum(AllSpans) AS spans,
    length(groupUniqArrayArray(1000)(AllEntities)) AS entities,
    arraySort(groupUniqArrayArray(200)(AllFlags)) AS flags,
    arraySlice(arraySort(one -> (-toInt64(one.3), one.1, one.2),
      groupArrayIf((Service, Operation, Asked, Failed), Asked > 0)), 1, 200) AS operations
  FROM (
    SELECT
      Run, Time, Service, Operation,
      min(FirstStart) AS First, max(LastEnd) AS Last, max(Owner) AS RunOwner, max(Expires) AS RunExpires,
      sum(Requests) AS Asked, sum(Errors) AS Failed, sum(Spans) AS AllSpans,
      groupUniqArrayArrayIf(1000)(Entities, notEmpty(Entities)) AS AllEntities,
      groupUniqArrayArrayIf(200)(Flags, notEmpty(Flags)) AS AllFlags
    FROM (SELECT * FROM coalmine_runs WHERE Test AND ${asked}) AS runs
    INNER JOIN ${quartersOfRuns} AS quarters USING (Run, Quarter)
    GROUP BY Run, Time, Service, Operation
  )
  GROUP BY Run, Time
  ORDER BY startMs DESC, run
  LIMIT 200`

/** Write targets of runs, and how often users' requests of the same service wrote there in the ticks that had tests. */
export const writesOfRuns: string = sql`
  SELECT Run AS run, Time AS time, Service AS service, Target AS target, sum(OfTest) AS writes, sum(OfUsers) AS usersWrites
  FROM (
    WITH tested AS (
      SELECT Run, Time, Service, Quarter, Target, N
      FROM (
        SELECT Run, Service, Quarter, Target, N
        FROM coalmine_runs
        ARRAY JOIN mapKeys(Writes) AS Target, mapValues(Writes) AS N
        WHERE Test AND ${asked}
      ) AS runs
      INNER JOIN ${quartersOfRuns} AS quarters USING (Run, Quarter)
    )
    SELECT Run, Time, Service, Target, sum(N) AS OfTest, toUInt64(0) AS OfUsers
    FROM tested
    GROUP BY Run, Time, Service, Target
    UNION ALL
    SELECT Run, Time, Service, Target, toUInt64(0) AS OfTest, sum(N) AS OfUsers
    FROM (SELECT DISTINCT Run, Time, Service, Quarter FROM tested) AS quarters
    INNER JOIN (
      SELECT Service, Quarter, Target, N
      FROM coalmine_runs
      ARRAY JOIN mapKeys(Writes) AS Target, mapValues(Writes) AS N
      WHERE NOT Test AND Quarter >= toStartOfFifteenMinutes(fromUnixTimestamp({since:UInt32}))
    ) AS users USING (Service, Quarter)
    GROUP BY Run, Time, Service, Target
  )
  GROUP BY run, time, service, target
  HAVING writes > 0
  ORDER BY writes DESC, service, target
  LIMIT 1000`

/** Users' requests of some services, by operation and block of time. */
export const usersBlocks = `
  SELECT
    Service AS service,
    Operation AS operation,
    {from:UInt32} + intDiv(toUnixTimestamp(Tick) - {from:UInt32}, {blockSeconds:UInt32}) * {blockSeconds:UInt32} AS from,
    sum(Traces) AS traces,
    sum(Errors) AS errors,
    sum(ClientErrors) AS clientErrors,
    mapKeys(sumMap(Latency) AS latencies) AS buckets,
    mapValues(latencies) AS counts
  FROM coalmine_ticks
  WHERE Service IN {services:Array(String)} AND FlagKey = '' AND NOT Test
    AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
    AND (Service, Tick, Batch) IN (
      SELECT Service, Tick, argMax(Batch, ClosedAt)
      FROM coalmine_closed
      WHERE Service IN {services:Array(String)}
        AND Tick >= fromUnixTimestamp({from:UInt32}) AND Tick < fromUnixTimestamp({to:UInt32})
      GROUP BY Service, Tick)
  GROUP BY service, operation, from
  ORDER BY service, operation, from`

/** The end of the last closed tick of some services. */
export const closedUntil = `
  SELECT Service AS service, toUnixTimestamp(max(Tick)) + 5 AS until
  FROM coalmine_closed
  WHERE Service IN {services:Array(String)} AND Tick >= fromUnixTimestamp({since:UInt32})
  GROUP BY service`

/** Keeps an event of a run. */
export const keepRunEvent = `
  INSERT INTO coalmine_run_events
  SELECT
    {run:String}, fromUnixTimestamp64Milli({beganMs:Int64}), {kind:String}, fromUnixTimestamp64Milli({atMs:Int64}), {told:String}`

/** The events of runs that began since a given time. */
export const runEvents = `
  SELECT
    Run AS run, toUnixTimestamp64Milli(Began) AS beganMs, Kind AS kind, toUnixTimestamp64Milli(At) AS atMs, Told AS told
  FROM coalmine_run_events
  WHERE Began >= fromUnixTimestamp64Milli({sinceMs:Int64})
  ORDER BY Run, Began, At
  LIMIT 10000`
